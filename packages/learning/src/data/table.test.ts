import { describe, expect, it } from "vitest";
import { gatherAll } from "./dataset.ts";
import type { TableSpec } from "./table.ts";
import { featureNames, readTable, tableDataset, tableSpecSchema, tableStatistics } from "./table.ts";

const spec: TableSpec = tableSpecSchema.parse({
  name: "patients",
  header: true,
  missing: ["?"],
  columns: [
    { kind: "numeric", name: "age", indicator: true, missing: ["-9"] },
    { kind: "categorical", name: "pain", levels: ["1", "2", "none"] },
    { kind: "ignored", name: "note" },
    {
      kind: "label",
      name: "ill",
      classes: [
        { name: "no", values: ["0"] },
        { name: "yes", values: ["1", "2"] },
      ],
    },
  ],
});

const text = "age,pain,note,ill\n10,1.0,x,0\n30,none,,2\n?,?,y,1\n-9,2,z,0\n";

describe("tableDataset", () => {
  it("standardises numbers, marks missing ones, and spreads levels", () => {
    const set = tableDataset(readTable(text, spec));
    expect(featureNames(spec)).toEqual(["age", "age missing", "pain = 1", "pain = 2", "pain = none"]);
    expect(Array.from(gatherAll(set).x.data)).toEqual(
      [
        [-1, 0, 1, 0, 0],
        [1, 0, 0, 0, 1],
        [0, 1, 0, 0, 0],
        [0, 1, 0, 1, 0],
      ].flat(),
    );
    expect(Array.from(set.y.data)).toEqual([0, 1, 1, 0]);
    expect(set.classNames).toEqual(["no", "yes"]);
  });

  it("takes the statistics of other rows, and constants from the schema", () => {
    const [age, ...rest] = spec.columns;
    const fixed = { ...spec, columns: [{ ...age, mean: 20, deviation: 5 } as typeof age & object, ...rest] };
    expect(tableStatistics(readTable(text, fixed))).toEqual({ age: { mean: 20, deviation: 5 } });
    const more = readTable("age,pain,note,ill\n50,1,x,0\n", spec);
    const statistics = tableStatistics(readTable(text, spec), more);
    expect(statistics.age?.mean).toBe(30);
    expect(tableDataset(more, statistics).inputs.data[0]).toBeCloseTo(20 / Math.sqrt(800 / 3), 6);
    expect(() => tableDataset(more, {})).toThrow('no statistics for column "age"');
  });

  it("gives 0, not NaN, for a column that is unknown or never varies", () => {
    const set = tableDataset(readTable("age,pain,note,ill\n?,1,x,0\n", spec));
    expect(Array.from(set.inputs.data)).toEqual([0, 1, 1, 0, 0]);
    expect(tableDataset(readTable("age,pain,note,ill\n7,1,x,0\n", spec)).inputs.data[0]).toBe(0);
  });

  it("reads the target of a regression", () => {
    const price: TableSpec = {
      name: "houses",
      columns: [
        { kind: "numeric", name: "rooms" },
        { kind: "target", name: "price" },
      ],
    };
    const set = tableDataset(readTable("3,100.5\n4,200\n", price));
    expect(set.classes).toBe(0);
    expect(Array.from(set.y.data)).toEqual([100.5, 200]);
    expect(() => readTable("3,\n", price)).toThrow('line 1, column "price": the number to learn is missing');
  });
});

describe("readTable", () => {
  const read = (row: string) => () => readTable(`age,pain,note,ill\n1,1,x,0\n${row}\n`, spec, "a.csv");

  it("names line, column and value, and says what would be right", () => {
    expect(read("old,1,x,0")).toThrow('a.csv, line 3, column "age": "old" is not a number');
    expect(read("1,3,x,0")).toThrow('a.csv, line 3, column "pain": "3" is none of 1, 2, none');
    expect(read("1,1,x,7")).toThrow('column "ill": "7" is none of 0, 1, 2');
    expect(read("1,1,x,?")).toThrow('column "ill": "?" is none of 0, 1, 2');
    expect(read("1,1,x")).toThrow("a.csv, line 3: 3 fields, expected 4 (age, pain, note, ill)");
    expect(() => readTable("age,pane,note,ill\n", spec, "a.csv")).toThrow('column 2 is "pane", expected "pain"');
    expect(() => readTable("", spec, "a.csv")).toThrow("a.csv is empty");
  });

  it("refuses a schema without one goal or with a name twice", () => {
    const columns = [{ kind: "numeric", name: "a" } as const];
    expect(() => readTable("", { name: "s", columns })).toThrow('one column of kind "label" or "target", it has 0');
    const twice = [...columns, ...columns, { kind: "target", name: "y" } as const];
    expect(() => readTable("", { name: "s", columns: twice })).toThrow('two columns named "a"');
  });
});
