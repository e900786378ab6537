/**
 * Splits a text into words and marks in the manner of the Penn Treebank, as the tokeniser does whose n-grams the paper
 * counts (NLTK's `word_tokenize`): marks stand alone, "don't" becomes "do n't", "Lily's" becomes "Lily 's". A full stop
 * stands alone where a sentence ends; here that is before the end of the text, or before a space and a capital, a digit or
 * a quotation mark, and not after a single capital or a known abbreviation. (NLTK learns its abbreviations from a corpus.)
 */
export function words(text: string): string[] {
  return text
    .replace(/["“”«»]/g, ' " ')
    .replace(/(\.\.\.|[…;:@#$%&?!()[\]{}<>]|--+|—)/g, " $1 ")
    .replace(/,(?=\D|$)/g, " , ")
    .replace(/(\S*)\.(?=["')\]]*(?:$|\s+["'(\d\p{Lu}]))/gu, (all, word: string) =>
      ABBREVIATION.test(word) ? all : `${word} . `,
    )
    .replace(/(^|\s)['‘](?=\w)/g, "$1 ' ")
    .replace(/(\w)['’](?=\s|$)/g, "$1 ' ")
    .replace(/(\w)(n['’]t)\b/gi, "$1 $2")
    .replace(/(\w)(['’](?:s|m|d|ll|re|ve))\b/gi, "$1 $2")
    .split(/\s+/)
    .filter((word) => word !== "");
}

const ABBREVIATION = /(?:^|[^\p{L}])(?:\p{Lu}|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e)$/u;
