import { Anchor, Code } from "@mantine/core";
import Markdown from "markdown-to-jsx/react";
import type { ReactNode } from "react";
import classes from "./chat.module.css";

/** Only what models write to shape a text: HTML stays text, and no image is fetched. */
const OPTIONS = {
  disableParsingRawHTML: true,
  forceBlock: true,
  overrides: {
    a: ({ href, children }: { href?: string; children?: ReactNode }) => (
      <Anchor href={href ?? ""} target="_blank" rel="noopener noreferrer">
        {children}
      </Anchor>
    ),
    img: ({ src, alt }: { src?: string; alt?: string }) => (
      <Anchor href={src ?? ""} target="_blank" rel="noopener noreferrer">
        {alt || src}
      </Anchor>
    ),
    pre: ({ children }: { children?: ReactNode }) => <pre className={`mono ${classes.code}`}>{children}</pre>,
    code: ({ className, children }: { className?: string; children?: ReactNode }) =>
      className ? <code>{children}</code> : <Code>{children}</Code>,
  },
};

/** What a model says, shaped as it wishes. */
export function Said({ text }: { text: string }) {
  return (
    <Markdown className={classes.markdown!} options={OPTIONS}>
      {text}
    </Markdown>
  );
}
