/** One record of a text table and the line on which it begins (from 1). */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

export interface CsvForm {
  /** What stands between two fields: one character, or "space" for any run of blanks. Default a comma. */
  readonly separator?: string | undefined;
  /** Lines that begin with this are left out. */
  readonly comment?: string | undefined;
}

/**
 * Reads a text table as RFC 4180 describes it: fields may stand in double quotes and then hold separators, line ends,
 * and quotes written twice. Beyond that, blanks around a field that is not quoted are dropped, empty lines are skipped,
 * and a line may end in LF or CR LF. A byte order mark at the start is ignored.
 * Throws SyntaxError with name and line for a quote that is not closed and for text after a closing quote.
 */
export function parseCsv(text: string, form: CsvForm = {}, name = "table"): CsvRecord[] {
  const separator = form.separator ?? ",";
  if (separator === "space") return parseBlankSeparated(text, form.comment);
  if (separator.length !== 1 || separator === '"' || /[\r\n]/.test(separator)) {
    throw new SyntaxError(
      `${name}: a separator is one character (not a quote or a line end) or "space", got "${separator}"`,
    );
  }

  const records: CsvRecord[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const start = line;
    if (form.comment && text.startsWith(form.comment, at)) {
      at = endOfLine(text, at) + 1;
      line++;
      continue;
    }
    const fields: string[] = [];
    let quoted = false;
    for (;;) {
      const field = readField(text, at, separator, `${name}, line ${line}`);
      line += field.lines;
      at = field.end;
      quoted ||= field.quoted;
      fields.push(field.value);
      if (text[at] !== separator) break;
      at++;
    }
    // `at` stands on the line end (or at the end of the text).
    if (text[at] === "\r") at++;
    at++;
    line++;
    if (fields.length > 1 || fields[0] !== "" || quoted) records.push({ line: start, fields });
  }
  return records;
}

interface Field {
  readonly value: string;
  /** Where the separator or line end after the field stands. */
  readonly end: number;
  readonly quoted: boolean;
  /** Line ends inside the field. */
  readonly lines: number;
}

function readField(text: string, from: number, separator: string, where: string): Field {
  let at = from;
  while (isBlank(text[at]) && text[at] !== separator) at++;
  if (text[at] !== '"') {
    let end = at;
    while (end < text.length && text[end] !== separator && text[end] !== "\n" && !isCrLf(text, end)) end++;
    return { value: text.slice(at, end).trimEnd(), end, quoted: false, lines: 0 };
  }

  let value = "";
  for (let open = at + 1; ; ) {
    const close = text.indexOf('"', open);
    if (close < 0) throw new SyntaxError(`${where}: a quote is opened and never closed`);
    value += text.slice(open, close);
    if (text[close + 1] !== '"') {
      at = close + 1;
      break;
    }
    value += '"';
    open = close + 2;
  }
  while (isBlank(text[at]) && text[at] !== separator) at++;
  if (at < text.length && text[at] !== separator && text[at] !== "\n" && !isCrLf(text, at)) {
    throw new SyntaxError(
      `${where}: text after the closing quote of "${value}"; a quote inside a field is written twice`,
    );
  }
  return { value, end: at, quoted: true, lines: value.split("\n").length - 1 };
}

function parseBlankSeparated(text: string, comment: string | undefined): CsvRecord[] {
  return text.split("\n").flatMap((row, i) => {
    if (comment && row.startsWith(comment)) return [];
    const fields = row.trim().split(/\s+/);
    return fields[0] === "" ? [] : [{ line: i + 1, fields }];
  });
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

function isCrLf(text: string, at: number): boolean {
  return text[at] === "\r" && (text[at + 1] === "\n" || at + 1 === text.length);
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}
