import { Button, PasswordInput } from "@mantine/core";
import type { SubmitEvent } from "react";
import { useState } from "react";
import { enterWith } from "../session/session.ts";
import { Notice } from "../shell/notice.tsx";
import { Problem } from "../shell/problem.tsx";
import { useTitle } from "../shell/use-title.ts";

/** How to get in, for whoever has no key in this tab. */
export function SignIn({ problem }: { readonly problem: string | null }) {
  const [pasted, setPasted] = useState("");
  useTitle("Open a federation");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void enterWith(pasted);
  };
  return (
    <Notice title="This page needs a key">
      <p>
        What a federation does is shown to those who run it, or were given a key. Open the address that{" "}
        <code>concord start</code> printed in its terminal: it lets this tab in, once.
      </p>
      {problem !== null && <Problem>{problem}</Problem>}
      <form className="sign-in" onSubmit={submit}>
        <PasswordInput
          className="sign-in-field"
          label="Or paste a key"
          description="An operator's (co_…), a viewer's (cv_…), or the printed address. This tab keeps it until it is closed."
          placeholder="co_…"
          autoComplete="off"
          spellCheck={false}
          value={pasted}
          onChange={(event) => setPasted(event.currentTarget.value)}
        />
        <Button type="submit" disabled={pasted.trim() === ""}>
          Open
        </Button>
      </form>
      <p className="dim small">
        Were you invited as a party? Then open the invite link itself; it leads to a page of its own. The page of{" "}
        <a href="/palettes">palettes of value targets</a> needs no key.
      </p>
    </Notice>
  );
}
