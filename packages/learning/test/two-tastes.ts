import { key, rng } from "@concord/engine";
import type { Rating, RatingsDataset } from "../src/recommend/ratings.ts";
import { ratingsDataset } from "../src/recommend/ratings.ts";

/** Ratings of made-up users with two kinds of taste: even users like even items, odd ones odd items. */
export function twoTastes(users: number, items: number): RatingsDataset {
  const random = rng(key("two tastes"));
  const ratings: Rating[] = [];
  for (let user = 0; user < users; user++) {
    for (let item = 0; item < items; item++) {
      if (item > 0 && random.uniform() < 0.5) continue;
      const likes = item % 2 === user % 2;
      ratings.push({ user: `${user}`, item: `${item}`, value: likes ? 4 + random.below(2) : 1 + random.below(2) });
    }
  }
  return ratingsOf(ratings, items);
}

/** Ratings on five stars, given as [user, item, stars]; users in order of appearance. */
export function stars(ratings: readonly (readonly [user: number, item: number, value: number])[], items: number) {
  return ratingsOf(
    ratings.map(([user, item, value]) => ({ user: `${user}`, item: `${item}`, value })),
    items,
  );
}

function ratingsOf(ratings: readonly Rating[], items: number): RatingsDataset {
  return ratingsDataset(ratings, {
    name: "made-up films",
    scale: { min: 1, max: 5, step: 1 },
    itemIds: Array.from({ length: items }, (_, item) => `${item}`),
    generated: true,
  });
}
