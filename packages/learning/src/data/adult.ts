import type { Dataset } from "./dataset.ts";
import type { TableSpec } from "./table.ts";
import { readTable, tableDataset, tableStatistics } from "./table.ts";

const levels = (list: string) => list.split(" ");

/**
 * The columns of Adult (UCI; Kohavi and Becker 1996). The label is whether a person earns more than 50,000 dollars a
 * year. Left out are `fnlwgt`, a sampling weight, and `education`, which `education-num` says as a number.
 */
export const ADULT: TableSpec = {
  name: "adult",
  missing: ["?"],
  comment: "|",
  columns: [
    { kind: "numeric", name: "age" },
    {
      kind: "categorical",
      name: "workclass",
      levels: levels("Private Self-emp-not-inc Self-emp-inc Federal-gov Local-gov State-gov Without-pay Never-worked"),
    },
    { kind: "ignored", name: "fnlwgt" },
    { kind: "ignored", name: "education" },
    { kind: "numeric", name: "education-num" },
    {
      kind: "categorical",
      name: "marital-status",
      levels: levels(
        "Married-civ-spouse Divorced Never-married Separated Widowed Married-spouse-absent Married-AF-spouse",
      ),
    },
    {
      kind: "categorical",
      name: "occupation",
      levels: levels(
        "Tech-support Craft-repair Other-service Sales Exec-managerial Prof-specialty Handlers-cleaners Machine-op-inspct Adm-clerical Farming-fishing Transport-moving Priv-house-serv Protective-serv Armed-Forces",
      ),
    },
    {
      kind: "categorical",
      name: "relationship",
      levels: levels("Wife Own-child Husband Not-in-family Other-relative Unmarried"),
    },
    { kind: "categorical", name: "race", levels: levels("White Asian-Pac-Islander Amer-Indian-Eskimo Other Black") },
    { kind: "categorical", name: "sex", levels: levels("Female Male") },
    { kind: "numeric", name: "capital-gain" },
    { kind: "numeric", name: "capital-loss" },
    { kind: "numeric", name: "hours-per-week" },
    {
      kind: "categorical",
      name: "native-country",
      levels: levels(
        "United-States Cambodia England Puerto-Rico Canada Germany Outlying-US(Guam-USVI-etc) India Japan Greece South China Cuba Iran Honduras Philippines Italy Poland Jamaica Vietnam Mexico Portugal Ireland France Dominican-Republic Laos Ecuador Taiwan Haiti Columbia Hungary Guatemala Nicaragua Scotland Thailand Yugoslavia El-Salvador Trinadad&Tobago Peru Hong Holand-Netherlands",
      ),
    },
    {
      kind: "label",
      name: "income",
      // The test part writes a full stop after each label.
      classes: [
        { name: "up to 50K", values: ["<=50K", "<=50K."] },
        { name: "more than 50K", values: [">50K", ">50K."] },
      ],
    },
  ],
};

/**
 * Adult from the text of its training file (32,561 people) and, for the test part (16,281), of its test file, which is
 * standardised with the statistics of the training file. Throws SyntaxError with file, line, column and value.
 */
export function adult(train: string, test?: string): Dataset {
  const table = readTable(train, ADULT, "adult.data");
  return tableDataset(test === undefined ? table : readTable(test, ADULT, "adult.test"), tableStatistics(table));
}
