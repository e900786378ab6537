import { blobContract } from "./blob-suite.ts";
import { memoryBlobs } from "./memory-blobs.ts";

blobContract("blobs in memory", async () => ({ blobs: memoryBlobs(), dispose: async () => undefined }));
