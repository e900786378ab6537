/** A module that a source file asks for. */
export interface Import {
  readonly specifier: string;
  /** True for `import type` and `export type … from`, of which nothing is left when the file runs. */
  readonly typeOnly: boolean;
}

export interface SourceText {
  readonly imports: readonly Import[];
  /** The code without comments; every string is replaced by a number in quotes. */
  readonly code: string;
}

/**
 * Reads the imports of a TypeScript file and the code that is left without comments and strings.
 *
 * It is a lexer, no parser: it knows comments, strings, templates with code in them and regular expressions, which is
 * enough for source that the formatter has been over. Throws SyntaxError for a comment or template without an end, so
 * that a file it does not understand cannot pass for one without imports.
 */
export function readSource(text: string): SourceText {
  const { code, strings } = withoutStrings(text);
  return { imports: importsOf(code, strings), code };
}

const STATIC =
  /(?<![.\w$])(import|export)(\s+type\b(?!\s+from\b|\s*,))?((?:(?!\b(?:import|export)\b)[\w$*\s{},])*?)\bfrom\s*"(\d+)"/g;
const BARE = /(?<![.\w$])import\s*"(\d+)"/g;
const CALLED = /(?<![.\w$])(?:import|require|import\s*\.\s*meta\s*\.\s*resolve)\s*\(\s*"(\d+)"/g;

function importsOf(code: string, strings: readonly string[]): Import[] {
  const named = (index: string | undefined) => strings[Number(index)] ?? "";
  return [
    ...code.matchAll(STATIC).map(([, , type, , index]) => ({ specifier: named(index), typeOnly: type !== undefined })),
    ...code.matchAll(BARE).map(([, index]) => ({ specifier: named(index), typeOnly: false })),
    ...code.matchAll(CALLED).map(([, index]) => ({ specifier: named(index), typeOnly: false })),
  ];
}

function withoutStrings(text: string): { readonly code: string; readonly strings: readonly string[] } {
  const strings: string[] = [];
  /** For each template whose code we are in: the braces that are open there. */
  const templates: number[] = [];
  let code = "";
  let at = 0;

  while (at < text.length) {
    const rest = text.slice(at, at + 2);
    if (rest === "//") at = endOr(text.indexOf("\n", at), text.length);
    else if (rest === "/*") at = endOf(text, "*/", at, "comment");
    else if (text[at] === '"' || text[at] === "'") takeString();
    else if (text[at] === "`") takeTemplate(at + 1, true);
    else if (text[at] === "/" && expectsValue(code)) takeRegularExpression();
    else if (text[at] === "}" && templates.at(-1) === 0) {
      templates.pop();
      code += "}";
      takeTemplate(at + 1, false);
    } else {
      const depth = templates.at(-1);
      if (depth !== undefined && text[at] === "{") templates[templates.length - 1] = depth + 1;
      if (depth !== undefined && text[at] === "}") templates[templates.length - 1] = depth - 1;
      code += text[at];
      at++;
    }
  }
  if (templates.length > 0) throw new SyntaxError("a template has no end");
  return { code, strings };

  function keep(value: string): void {
    code += `"${strings.length}"`;
    strings.push(value);
  }

  function takeString(): void {
    const match = /^(["'])((?:\\[\s\S]|(?!\1)[^\\\n])*)\1/.exec(text.slice(at, at + 10_000));
    // An apostrophe in the text of a page ends nowhere: it is no string.
    if (match === null) at++;
    else {
      keep(match[2] ?? "");
      at += match[0].length;
    }
  }

  /** The text of a template from `from` to its end, or to the code in it. */
  function takeTemplate(from: number, whole: boolean): void {
    for (let i = from; i < text.length; i++) {
      if (text[i] === "\\") i++;
      else if (text[i] === "`") {
        if (whole) keep(text.slice(from, i));
        at = i + 1;
        return;
      } else if (text[i] === "$" && text[i + 1] === "{") {
        templates.push(0);
        code += "{";
        at = i + 2;
        return;
      }
    }
    throw new SyntaxError("a template has no end");
  }

  function takeRegularExpression(): void {
    const match = /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/.exec(text.slice(at, at + 10_000));
    if (match === null) {
      code += "/";
      at++;
    } else {
      keep(match[0]);
      at += match[0].length;
    }
  }
}

/** True where a slash begins a regular expression and does not divide: after an operator or a word such as `return`. */
function expectsValue(code: string): boolean {
  const before = code.trimEnd();
  return (
    before === "" || /[(,=:[!&|?;{+\-*%~^]$|=>$|\b(?:return|typeof|case|in|of|void|throw|await|yield)$/.test(before)
  );
}

function endOf(text: string, mark: string, from: number, what: string): number {
  const end = text.indexOf(mark, from + mark.length);
  if (end < 0) throw new SyntaxError(`a ${what} has no end`);
  return end + mark.length;
}

function endOr(found: number, otherwise: number): number {
  return found < 0 ? otherwise : found;
}
