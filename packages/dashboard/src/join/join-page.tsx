import { Notice } from "../shell/notice.tsx";
import { Shell } from "../shell/shell.tsx";
export default function JoinPage({ federation }: { readonly federation: string }) {
  return (
    <Shell>
      <Notice title={federation}>soon</Notice>
    </Shell>
  );
}
