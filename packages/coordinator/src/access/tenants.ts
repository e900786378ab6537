import { ConcordError, hashSecret, newSecret } from "@concord/protocol";
import type { Clock } from "../clock.ts";
import type { Journal } from "../journal.ts";
import type { TenantRecord } from "../store/contract.ts";
import type { Principals } from "./principals.ts";

/** Who may ask the gateway: each tenant holds a key of its own, which can be taken back. */
export interface Tenants {
  /** Makes a key, which is given once and kept as a hash. Throws ConcordError `failed_precondition` for a name in use. */
  admit(name: string): Promise<string>;
  list(): Promise<readonly TenantRecord[]>;
  /** Its key is worth nothing from then on. Throws ConcordError `not_found`. */
  dismiss(name: string): Promise<void>;
}

export function tenants(journal: Journal, principals: Principals, clock: Clock): Tenants {
  return {
    async admit(name) {
      const key = newSecret("tenant");
      const hash = hashSecret(key);
      await journal.commit(async (tx) => {
        await tx.tenants.insert({ name, hash, createdAt: clock.now() });
        await tx.keys.insert({ hash, role: "tenant", federation: null, party: null, once: false, expiresAt: null });
      });
      return key;
    },
    list: () => journal.read((tx) => tx.tenants.list()),
    async dismiss(name) {
      const hash = await journal.commit(async (tx) => {
        const tenant = await tx.tenants.get(name);
        if (tenant === undefined) throw new ConcordError("not_found", `there is no tenant "${name}"`);
        await tx.tenants.delete(name);
        await tx.keys.delete(tenant.hash);
        return tenant.hash;
      });
      principals.forget(hash);
    },
  };
}
