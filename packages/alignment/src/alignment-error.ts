/** Rewards, a target or a question that cannot be right. The message says what is wrong and what would be right. */
export class AlignmentError extends Error {
  override readonly name = "AlignmentError";
}
