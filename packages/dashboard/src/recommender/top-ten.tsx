import type { RecommenderState } from "./tab-recommender.ts";

export interface TopTenProps {
  readonly top: RecommenderState["top"];
  readonly thinking: boolean;
  readonly rated: number;
  /** Films are liked or not: the number is a probability. */
  readonly likes: boolean;
}

/** The ten films that are expected to please most. */
export function TopTen({ top, thinking, rated, likes }: TopTenProps) {
  const guessed = top.some(({ score }) => score !== undefined);
  return (
    <section className="card top" aria-labelledby="top-title" aria-busy={thinking}>
      <div className="card-head">
        <h2 className="card-title" id="top-title">
          Your top 10
        </h2>
        <span className="card-note" role="status">
          {thinking ? "working it out …" : `from ${rated} ${rated === 1 ? "rating" : "ratings"}`}
        </span>
      </div>
      <ol className="top-list">
        {top.map(({ item, score }) => (
          <li key={item.id}>
            <span className="film-title">
              {item.title}
              {item.genres.length > 0 && <span className="dim small">{item.genres.join(", ")}</span>}
            </span>
            {score !== undefined && <Score score={score} likes={likes} />}
          </li>
        ))}
      </ol>
      <p className="card-body dim small">
        {guessed
          ? `Worked out in this tab from your ratings and the joint model; the number is ${likes ? "how probably you like it" : "the rating that you are expected to give"}. Nothing was sent for it.`
          : "Nothing is rated yet, so these are simply the best known."}
      </p>
    </section>
  );
}

function Score({ score, likes }: { readonly score: number; readonly likes: boolean }) {
  if (likes) {
    return (
      <span className="top-score numeric">
        {Math.round(100 * score)} %<span className="visually-hidden"> likely to be liked</span>
      </span>
    );
  }
  return (
    <span className="top-score numeric">
      {score.toFixed(1)} <span aria-hidden="true">★</span>
      <span className="visually-hidden">stars expected</span>
    </span>
  );
}
