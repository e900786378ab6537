import { isGenerated } from "../words/task.ts";
import { FilmList } from "./film-list.tsx";
import { isLikes } from "./likes.tsx";
import { OwnData } from "./own-data.tsx";
import { SentPanel } from "./sent-panel.tsx";
import type { RecommenderHome, RecommenderState, TabRecommender } from "./tab-recommender.ts";
import { TakePart } from "./take-part.tsx";
import { TopTen } from "./top-ten.tsx";

export interface ReadyProps {
  readonly recommender: TabRecommender;
  readonly home: RecommenderHome;
  readonly state: RecommenderState;
}

/** To rate on one side, what comes of it on the other; below, what leaves the device and what is kept on it. */
export function Ready({ recommender, home, state }: ReadyProps) {
  const { catalogue, spec } = home;
  const { ask } = recommender;
  return (
    <div className="recommender">
      <header>
        <h1>{spec.name}</h1>
        <p className="dim">
          {isLikes(catalogue.scale) ? "Say of a few films whether you like them" : "Rate a few films"} and see what else
          you may like. Your ratings stay in this browser, and so does what is worked out from them.
        </p>
        {isGenerated(catalogue.name) && (
          <span className="tag" data-tone="warn">
            generated data: a program made up films and ratings
          </span>
        )}
        {!home.keeps && (
          <p role="status">This browser keeps nothing for this page, as private windows do: all ends with the tab.</p>
        )}
      </header>
      <div className="recommender-pair">
        <FilmList
          catalogue={catalogue}
          ratings={state.ratings}
          onRate={(item, value) => ask({ kind: "rate", item, value })}
        />
        <TopTen
          top={state.top}
          thinking={state.thinking}
          rated={state.ratings.length}
          likes={isLikes(catalogue.scale)}
        />
      </div>
      <TakePart state={state} spec={spec} onAsk={ask} />
      <SentPanel sent={state.sent} catalogue={catalogue} spec={spec} />
      <OwnData recommender={recommender} rated={state.ratings.length} joined={state.joined} />
    </div>
  );
}
