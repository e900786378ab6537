import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { MoonIcon, SunIcon } from "./icons.tsx";

/** Light or dark. Until it is used, the page follows the system; choosing what the system has goes back to following it. */
export function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const now = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const next = now === "dark" ? "light" : "dark";
  const choose = () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    setColorScheme(next === system ? "auto" : next);
  };
  const label = `Use ${next} colours`;
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} title={label} onClick={choose}>
      {now === "dark" ? <SunIcon /> : <MoonIcon />}
    </ActionIcon>
  );
}
