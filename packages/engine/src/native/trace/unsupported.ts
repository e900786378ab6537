/** Thrown where a traced program cannot be lowered; the engine then runs it on the portable back end. */
export class UnsupportedPrimitive extends Error {
  /** What stood in the way, such as "sort". */
  readonly primitive: string;

  constructor(primitive: string) {
    super(`no ONNX lowering for ${primitive}`);
    this.name = "UnsupportedPrimitive";
    this.primitive = primitive;
  }
}
