import { builtinModules } from "node:module";
import { posix } from "node:path";
import { readSource } from "./source-text.ts";

/** The packages from the ground up: each may import from those before it. */
export const ORDER: readonly string[] = [
  "engine",
  "learning",
  "federation",
  "incentives",
  "adaptation",
  "alignment",
  "protocol",
  "coordinator",
  "party",
  "dashboard",
  "cli",
];

/** What these may not import although it stands before them: both sides share `protocol` and nothing else. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = { party: ["coordinator"], dashboard: ["coordinator"] };

/** Packages that run in a browser too. */
const BROWSER: readonly string[] = [...ORDER.slice(0, ORDER.indexOf("coordinator")), "party", "dashboard"];

/** Packages whose source is mathematics: no clock and no randomness but what is passed in. */
const PURE: readonly string[] = ["engine", "learning", "federation"];

const IMPURE: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["Math.random", /\bMath\s*\.\s*random\b/],
  ["Date.now", /\bDate\s*\.\s*now\b/],
  ["new Date()", /\bnew\s+Date\b(?!\s*\(\s*[^\s)])/],
  ["performance.now", /\bperformance\s*\.\s*now\b/],
  ["crypto's randomness", /\bcrypto\s*\.\s*(?:getRandomValues|randomUUID)\b/],
];

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** What a rule needs of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Workspace {
  readonly files: readonly SourceFile[];
  /** By the name of the folder in `packages/`. */
  readonly manifests: Readonly<Record<string, Manifest>>;
}

/** Everything in which a workspace breaks the rules of the house, as "path: what". Empty if it keeps them. */
export function violations({ files, manifests }: Workspace): string[] {
  return files.flatMap((file) => {
    const place = placeOf(file.path);
    const { imports, code } = readSource(file.text);
    const found = [
      ...vagueName(file.path),
      ...imports.flatMap(({ specifier, typeOnly }) => [
        ...wrongPackage(specifier, place, manifests),
        ...outOfPackage(specifier, file.path, place),
        ...nodeOnly(specifier, typeOnly, place),
      ]),
      ...impure(code, place),
    ];
    return [...new Set(found)].map((what) => `${file.path}: ${what}`);
  });
}

interface Place {
  /** The folder in `packages/`, or undefined outside. */
  readonly package: string | undefined;
  /** True for what runs in tests and builds only. */
  readonly aside: boolean;
  /** True for a file that says in its name that it runs on Node. */
  readonly node: boolean;
}

function placeOf(path: string): Place {
  const [top, folder, part] = path.split("/");
  const name = posix.basename(path);
  return {
    package: top === "packages" ? folder : undefined,
    aside: part !== "src" || /\.test\.tsx?$/.test(name),
    node: /\.node\.tsx?$/.test(name),
  };
}

function vagueName(path: string): string[] {
  const words = path.split("/").flatMap((name) => name.toLowerCase().split(/[-_.]/));
  const vague = words.find((word) => /^(?:utils?|helpers?|common|misc)$/.test(word));
  return vague === undefined ? [] : [`"${vague}" names nothing; call the file after what it holds`];
}

/** Imports of packages of the house: the order, the declaration, and the doors that the other package has. */
function wrongPackage(specifier: string, place: Place, manifests: Workspace["manifests"]): string[] {
  const match = /^@concord\/([^/]+)(\/.*)?$/.exec(specifier);
  if (match === null) return [];
  const [, to = "", door = ""] = match;
  const target = manifests[to];
  if (target === undefined) return [`imports ${specifier}, which is no package`];
  const found: string[] = [];
  if (!(`.${door}` in (target.exports ?? {}))) found.push(`imports ${specifier}, which ${target.name} does not export`);
  const from = place.package;
  if (from === undefined || from === to) return found;
  const manifest = manifests[from];
  if (rank(to) >= rank(from) || FORBIDDEN[from]?.includes(to)) found.push(`${from} may not import ${to}`);
  if (!(target.name in { ...manifest?.dependencies, ...(place.aside && manifest?.devDependencies) })) {
    found.push(`imports ${target.name}, which its package.json does not declare`);
  }
  return found;
}

function rank(name: string): number {
  const at = ORDER.indexOf(name);
  if (at < 0) throw new RangeError(`package "${name}" has no place in the order`);
  return at;
}

/** Relative imports that reach into a package from outside, or out of one (which its tests may). */
function outOfPackage(specifier: string, path: string, place: Place): string[] {
  if (!specifier.startsWith(".")) return [];
  const [top, folder] = posix.join(posix.dirname(path), specifier).split("/");
  const inside = top === "packages" ? folder : undefined;
  if (inside === place.package || (inside === undefined && place.aside)) return [];
  return [`imports ${specifier}, past the door of a package`];
}

/** What a browser cannot load: built-ins of Node, and the files that use them. */
function nodeOnly(specifier: string, typeOnly: boolean, place: Place): string[] {
  if (place.package === undefined || !BROWSER.includes(place.package) || place.aside || place.node) return [];
  const builtIn = specifier.startsWith("node:") || builtinModules.includes(specifier);
  const leadsThere = /\.node\.tsx?$/.test(specifier) || /^@concord\/[^/]+\/node$/.test(specifier);
  if (builtIn) return [`imports ${specifier}, which browsers do not have; a file that needs it is called *.node.ts`];
  return leadsThere && !typeOnly ? [`imports ${specifier}, which runs on Node only`] : [];
}

function impure(code: string, place: Place): string[] {
  if (place.package === undefined || !PURE.includes(place.package) || place.aside || place.node) return [];
  return IMPURE.filter(([, pattern]) => pattern.test(code)).map(([what]) => `uses ${what}; pass it in`);
}
