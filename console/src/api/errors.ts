/** An answer that is an error, or no answer at all (status 0). `reason` is for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, reason: string) {
    super(reason);
    this.status = status;
    this.type = type;
  }

  /** Nobody answered. */
  get isAway(): boolean {
    return this.status === 0;
  }

  /** connote itself wants a key, or another one; a third party's refusal has another type. */
  get wantsKey(): boolean {
    return this.status === 401 && this.type === "security_exception";
  }

  /** The path is not served: this connote does not have that API. */
  get isUnknownRoute(): boolean {
    return this.status === 400 && this.message.startsWith("no handler found");
  }
}

/** The error in an answer's body: Elasticsearch's envelope, or OpenAI's, which chats have. */
export function fromBody(status: number, body: unknown): ApiError {
  const error = (body as { error?: unknown } | null)?.error;
  if (typeof error === "string") return new ApiError(status, "error", error);
  const { type, reason, message } = (error ?? {}) as { type?: string; reason?: string; message?: string };
  return new ApiError(status, type ?? "error", reason ?? message ?? `the server answered ${status}`);
}
