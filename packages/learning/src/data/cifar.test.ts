import { describe, expect, it } from "vitest";
import { CIFAR_RECORD_BYTES, cifarRecord, parseCifarRecords } from "./cifar.ts";

describe("parseCifarRecords", () => {
  it("turns planes into channels, and cifarRecord turns them back", () => {
    const record = new Uint8Array(CIFAR_RECORD_BYTES);
    record[0] = 6;
    record[1] = 10; // red of the first pixel
    record[1 + 1024] = 20; // its green
    record[1 + 2048] = 30; // its blue
    record[1 + 1023] = 40; // red of the last pixel
    const set = parseCifarRecords([record, record]);
    expect(set.size).toBe(2);
    expect(set.inputShape).toEqual([32, 32, 3]);
    expect(set.y.data[1]).toBe(6);
    expect(Array.from(set.inputs.data.slice(3072, 3075))).toEqual([10, 20, 30]);
    expect(set.inputs.data[3 * 1023]).toBe(40);
    expect(cifarRecord(6, set.inputs.data.slice(0, 3072) as Uint8Array)).toEqual(record);
  });

  it("says what is wrong", () => {
    expect(() => parseCifarRecords([new Uint8Array(3074)], "x.bin")).toThrow("x.bin: 3074 bytes are no whole number");
    expect(() => parseCifarRecords([new Uint8Array(CIFAR_RECORD_BYTES).fill(10)])).toThrow("record 0 has label 10");
    expect(() => cifarRecord(0, new Uint8Array(5))).toThrow("3072 bytes, got 5");
  });
});
