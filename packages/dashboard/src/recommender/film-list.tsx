import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { formatCount } from "../format/numbers.ts";
import { isLikes, Likes } from "./likes.tsx";
import { shownFilms } from "./shown-films.ts";
import { Stars } from "./stars.tsx";
import type { RecommenderHome, RecommenderState } from "./tab-recommender.ts";

export interface FilmListProps {
  readonly catalogue: RecommenderHome["catalogue"];
  readonly ratings: RecommenderState["ratings"];
  readonly onRate: (item: string, value: number | null) => void;
}

const FIRST = 8;
const MORE = 20;

/** Films to rate: the best known first, or those that match a search, or those that are rated. */
export function FilmList({ catalogue, ratings, onRate }: FilmListProps) {
  const Rating = isLikes(catalogue.scale) ? Likes : Stars;
  const [text, setText] = useState("");
  const [which, setWhich] = useState<"all" | "rated">("all");
  const [limit, setLimit] = useState(FIRST);
  const values = useMemo(() => new Map(ratings.map(({ item, value }) => [item, value])), [ratings]);
  const films = useMemo(
    () => shownFilms(catalogue, { text, only: which === "rated" ? values : undefined }),
    [catalogue, text, which, values],
  );
  return (
    <section className="card" aria-labelledby="films-title">
      <div className="card-head">
        <h2 className="card-title" id="films-title">
          Rate films
        </h2>
        <span className="card-note numeric">{formatCount(catalogue.items.length)} films</span>
      </div>
      <div className="card-body films-filter">
        <TextInput
          type="search"
          aria-label="Search films"
          placeholder="Search by title"
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setLimit(FIRST);
          }}
        />
        <SegmentedControl
          aria-label="Which films"
          value={which}
          onChange={(value) => setWhich(value === "rated" ? "rated" : "all")}
          data={[
            { value: "all", label: "Best known" },
            { value: "rated", label: `Rated (${ratings.length})` },
          ]}
        />
      </div>
      <ul className="films">
        {films.slice(0, limit).map(({ id, title, genres }) => (
          <li key={id} className="film">
            <span className="film-title">
              {title}
              {genres.length > 0 && <span className="dim small">{genres.join(", ")}</span>}
            </span>
            <Rating
              title={title}
              scale={catalogue.scale}
              value={values.get(id)}
              onRate={(value) => onRate(id, value)}
            />
          </li>
        ))}
      </ul>
      {films.length === 0 && (
        <p className="empty">{which === "rated" ? "Nothing is rated yet." : "No film has such a title."}</p>
      )}
      {films.length > limit && (
        <div className="films-more">
          <Button variant="subtle" onClick={() => setLimit(limit + MORE)}>
            More films
          </Button>
        </div>
      )}
    </section>
  );
}
