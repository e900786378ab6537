/** Text to tokens and back. */
export interface Tokenizer {
  readonly vocabulary: number;
  /** Stands before every text. */
  readonly begin: number;
  /** A model says these when its text is over. */
  readonly ends: readonly number[];
  encode(text: string): number[];
  decode(tokens: readonly number[]): string;
}

const BEGIN = 1;
const END = 2;
/** Tokens 3 … 258 are the bytes 0 … 255, for what has no token of its own. */
const FIRST_BYTE = 3;
const MAX_VOCABULARY = 1_000_000;

/**
 * Reads a tokenizer file of llama2.c: int32 length of the longest token, then for each token float32 score, int32 length and
 * its bytes (UTF-8). Byte-pair encoding in the manner of SentencePiece: a text is split into characters, then the
 * neighbours whose union has the highest score are joined until none are left to join.
 * Throws TypeError for a file that is cut short, goes on after its end, or says sizes that cannot be.
 */
export function readLlama2cTokenizer(bytes: Uint8Array, vocabulary: number): Tokenizer {
  if (!Number.isSafeInteger(vocabulary) || vocabulary < FIRST_BYTE + 256 || vocabulary > MAX_VOCABULARY) {
    throw new TypeError(`a vocabulary has ${FIRST_BYTE + 256} to ${MAX_VOCABULARY} tokens, got ${vocabulary}`);
  }
  const { pieces, scores } = readPieces(bytes, vocabulary);
  const numbers = new Map<string, number>();
  // The first of two equal pieces wins.
  pieces.forEach((piece, i) => {
    if (!numbers.has(piece)) numbers.set(piece, i);
  });
  const utf8 = new TextEncoder();

  function encode(text: string): number[] {
    if (text === "") return [];
    const tokens = Array.from(` ${text}`).flatMap((character) => {
      const known = numbers.get(character);
      return known ?? Array.from(utf8.encode(character), (byte) => byte + FIRST_BYTE);
    });
    for (;;) {
      let best: { readonly at: number; readonly token: number; readonly score: number } | undefined;
      for (let at = 0; at + 1 < tokens.length; at++) {
        const token = numbers.get(`${pieces[tokens[at] as number]}${pieces[tokens[at + 1] as number]}`);
        const score = token === undefined ? Number.NEGATIVE_INFINITY : (scores[token] as number);
        if (token !== undefined && (best === undefined || score > best.score)) best = { at, token, score };
      }
      if (best === undefined) return tokens;
      tokens.splice(best.at, 2, best.token);
    }
  }

  function decode(tokens: readonly number[]): string {
    const parts = tokens.filter((token) => token !== BEGIN && token !== END).map((token) => bytesOf(token));
    const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    const text = new TextDecoder().decode(joined);
    // The space that encoding puts before every text.
    return tokens[0] === BEGIN && text.startsWith(" ") ? text.slice(1) : text;
  }

  function bytesOf(token: number): Uint8Array {
    const piece = pieces[token];
    if (piece === undefined) throw new RangeError(`there is no token ${token} in a vocabulary of ${vocabulary}`);
    const isByte = token >= FIRST_BYTE && token < FIRST_BYTE + 256;
    return isByte ? Uint8Array.of(token - FIRST_BYTE) : utf8.encode(piece);
  }

  return { vocabulary, begin: BEGIN, ends: [BEGIN, END], encode, decode };
}

function readPieces(bytes: Uint8Array, vocabulary: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder();
  const pieces: string[] = [];
  const scores: number[] = [];
  let at = 4;
  for (let token = 0; token < vocabulary; token++) {
    if (at + 8 > bytes.length) throw new TypeError(`the tokenizer ends after ${token} of ${vocabulary} tokens`);
    const score = view.getFloat32(at, true);
    const length = view.getInt32(at + 4, true);
    at += 8;
    if (length < 0 || at + length > bytes.length) {
      throw new TypeError(
        `token ${token} of the tokenizer says a length of ${length}, ${bytes.length - at} bytes are left`,
      );
    }
    scores.push(score);
    pieces.push(text.decode(bytes.subarray(at, at + length)));
    at += length;
  }
  if (at !== bytes.length) throw new TypeError(`${bytes.length - at} bytes follow the last token of the tokenizer`);
  return { pieces, scores };
}
