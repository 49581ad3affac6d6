import { ActionIcon, Menu } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCopy, IconDots, IconEye, IconMessage2, IconSparkles, IconTerminal2, IconTrash } from "@tabler/icons-react";
import { useLocation } from "wouter";
import type { Row } from "./rows";

export function RowMenu({ row, show, remove }: { row: Row; show: (id: string) => void; remove: (id: string) => void }) {
  const [, go] = useLocation();
  const clipboard = useClipboard();
  const at = encodeURIComponent(row.id);
  const size = { size: 15, stroke: 1.6, "aria-hidden": true } as const;
  return (
    <Menu position="bottom-end" withArrow>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions of ${row.id}`}>
          <IconDots size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconEye {...size} />} onClick={() => show(row.id)}>
          View and edit
        </Menu.Item>
        <Menu.Item leftSection={<IconTerminal2 {...size} />} onClick={() => go(`/devtools?try=${at}&task=${row.task}`)}>
          Try in Dev Tools
        </Menu.Item>
        {row.task === "sparse_embedding" && (
          <Menu.Item leftSection={<IconSparkles {...size} />} onClick={() => go(`/expand?endpoint=${at}`)}>
            Expand a text
          </Menu.Item>
        )}
        {/completion$/.test(row.task) && (
          <Menu.Item leftSection={<IconMessage2 {...size} />} onClick={() => go(`/chat?endpoint=${at}`)}>
            Chat
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconCopy {...size} />} onClick={() => clipboard.copy(row.id)}>
          Copy endpoint id
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          color="red"
          leftSection={<IconTrash {...size} />}
          disabled={row.preconfigured}
          onClick={() => remove(row.id)}
        >
          {row.preconfigured ? "Delete (preconfigured)" : "Delete"}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
