import { API, blobIdSchema, blobRefSchema, ConcordError, TENSOR_MEDIA_TYPE } from "@concord/protocol";
import { z } from "zod";
import { partyOf } from "../access.ts";
import type { App } from "../app.ts";
import { readBody } from "../read-body.ts";
import type { Services } from "../services.ts";

const path = `${API}/blobs/:sha256`;
const params = z.object({ sha256: blobIdSchema });
const tags = ["blobs"];

/** Tensors on their way: up from a party that holds a lease for training, down to the one whose lease names the blob. */
export function blobRoutes(app: App, { federations }: Services): void {
  // The body is handed on as a stream: how much of it may come depends on the lease.
  app.addContentTypeParser(TENSOR_MEDIA_TYPE, (_request, payload, done) => done(null, payload));

  app.put(
    path,
    {
      config: { audience: ["party"] },
      schema: {
        tags,
        summary: "Send an update",
        description: `The body is safetensors, of the media type ${TENSOR_MEDIA_TYPE}. Nothing of a refused body is kept.`,
        consumes: [TENSOR_MEDIA_TYPE],
        params,
        response: { 200: blobRefSchema },
      },
      async onRequest(request) {
        const { federation, party } = partyOf(request);
        const { bytes } = federations.get(federation).uploadLimit(party);
        const announced = Number(request.headers["content-length"] ?? 0);
        if (announced > bytes) throw tooLarge(announced, bytes);
        const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
        if (type === TENSOR_MEDIA_TYPE) return;
        throw new ConcordError("unsupported_media_type", `an update has the media type ${TENSOR_MEDIA_TYPE}`, {
          param: "content-type",
        });
      },
    },
    async (request) => {
      const { federation, party } = partyOf(request);
      const driver = federations.get(federation);
      const limit = driver.uploadLimit(party).bytes;
      const bytes = await readBody(request.raw, limit, (size) => tooLarge(size, limit));
      return driver.upload(party, request.params.sha256, bytes);
    },
  );

  app.get(
    path,
    {
      config: { audience: ["party", "viewer"] },
      schema: { tags, summary: "Fetch a blob", params, produces: [TENSOR_MEDIA_TYPE] },
    },
    async (request, reply) => {
      const { sha256 } = request.params;
      reply.type(TENSOR_MEDIA_TYPE);
      if (request.principal?.role !== "party") {
        const content = await currentModel(sha256);
        return reply.send(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
      }
      const { federation, party } = partyOf(request);
      const { content, lease, delivered } = await federations.get(federation).download(party, sha256);
      request.purpose = lease.record.kind;
      reply.raw.once("finish", delivered);
      return reply.send(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
    },
  );

  /** Who only watches may read the current model of a federation, but no update of a party. */
  async function currentModel(sha256: string): Promise<Uint8Array<ArrayBuffer>> {
    for (const driver of federations.list()) {
      const model = await driver.model();
      if (model.sha256 === sha256) return model.content;
    }
    throw new ConcordError("not_found", "this is the current model of no federation; read the federation again");
  }
}

function tooLarge(size: number, limit: number): ConcordError {
  return new ConcordError("payload_too_large", `the update has ${size} bytes or more, at most ${limit} are accepted`, {
    param: "content-length",
  });
}
