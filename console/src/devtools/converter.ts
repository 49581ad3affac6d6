// Large, so it is fetched when something is copied for the first time.
import { convertRequests, loadSchema } from "@elastic/request-converter";
import { address } from "../api/client";
import { apiKey } from "../api/session";
import { copyAs, type Language } from "./copyas";
import { specification } from "./schema";
import type { Prepared } from "./variables";

export async function converted(all: Prepared[], language: Language): Promise<string> {
  const specified = await specification();
  await loadSchema(specified.source);
  const url = new URL(address(""), location.href).href.replace(/\/$/, "");
  return copyAs(all, language, specified, convertRequests, { url, hasKey: apiKey() !== null });
}
