import type { RecommenderState } from "./tab-recommender.ts";

export interface TopTenProps {
  readonly top: RecommenderState["top"];
  readonly thinking: boolean;
  readonly rated: number;
}

/** The ten films that are expected to please most. */
export function TopTen({ top, thinking, rated }: TopTenProps) {
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
            {score !== undefined && (
              <span className="top-score numeric">
                {score.toFixed(1)} <span aria-hidden="true">★</span>
                <span className="visually-hidden">stars expected</span>
              </span>
            )}
          </li>
        ))}
      </ol>
      <p className="card-body dim small">
        {guessed
          ? "Worked out in this tab from your ratings and the joint model; the number is the rating that you are expected to give. Nothing was sent for it."
          : "Nothing is rated yet, so these are simply the best known."}
      </p>
    </section>
  );
}
