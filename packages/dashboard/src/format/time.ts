const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const moment = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

/** The time of day of an ISO instant, in the reader's zone: "16:05:09". */
export function formatClock(instant: string): string {
  return clock.format(new Date(instant));
}

/** An instant of another day: "3 Nov, 16:05". */
export function formatMoment(instant: string): string {
  return moment.format(new Date(instant));
}

/** A duration: "0.8 s", "42 s", "3 min 5 s", "2 h 10 min", "4 d 3 h". */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return twoUnits(whole, 60, "min", "s");
  if (whole < 86_400) return twoUnits(Math.round(whole / 60), 60, "h", "min");
  return twoUnits(Math.round(whole / 3_600), 24, "d", "h");
}

/** How long something will take, without a precision that an estimate does not have: "about 40 s", "about 3 min". */
export function formatEstimate(seconds: number): string {
  if (seconds < 5) return "a few seconds";
  if (seconds < 57.5) return `about ${5 * Math.round(seconds / 5)} s`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return `about ${minutes} min`;
  if (minutes < 48 * 60) return `about ${Math.round(minutes / 60)} h`;
  return `about ${Math.round(minutes / 1_440)} days`;
}

function twoUnits(count: number, per: number, large: string, small: string): string {
  const rest = count % per;
  const head = `${Math.floor(count / per)} ${large}`;
  return rest === 0 ? head : `${head} ${rest} ${small}`;
}
