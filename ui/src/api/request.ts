// One request to the HTTP API: the envelope opened, every failure turned into an ApiError.
import type { Answer } from './answer';

export class ApiError extends Error {
  /** The server's `errorType`, or `unreachable` and `unreadable` for failures on the way. */
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.kind = kind;
  }
}

export type Params = Record<string, string | number | undefined>;

interface Envelope<T> {
  status: 'success' | 'error';
  data?: T;
  errorType?: string;
  error?: string;
  warnings?: string[];
  infos?: string[];
}

/** Queries are posted as a form: an expression may be longer than an address. */
export function post<T>(path: string, params: Params, signal?: AbortSignal): Promise<Answer<T>> {
  return send<T>(`/api/v1/${path}`, { method: 'POST', body: form(params), signal });
}

export function get<T>(path: string, params: Params, signal?: AbortSignal): Promise<Answer<T>> {
  return send<T>(`/api/v1/${path}?${form(params)}`, { signal });
}

function form(params: Params): URLSearchParams {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined) body.set(name, String(value));
  }
  return body;
}

async function send<T>(path: string, init: RequestInit): Promise<Answer<T>> {
  const start = performance.now();
  const response = await reach(path, init);
  const envelope = await open<T>(response);
  if (envelope.status === 'error') {
    throw new ApiError(envelope.errorType ?? 'unknown', envelope.error ?? 'no reason given');
  }
  return {
    data: envelope.data as T,
    warnings: envelope.warnings ?? [],
    infos: envelope.infos ?? [],
    milliseconds: performance.now() - start,
  };
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError('unreachable', 'The server did not answer. Is it running?');
  }
}

async function open<T>(response: Response): Promise<Envelope<T>> {
  const text = await response.text();
  try {
    const envelope: unknown = JSON.parse(text);
    if (isEnvelope<T>(envelope)) return envelope;
  } catch {
    // Not JSON: a proxy or a login page answered. The status line below says more than the body.
  }
  const status = `${response.status} ${response.statusText}`.trim();
  throw new ApiError('unreadable', `The answer was not from the query API (HTTP ${status}).`);
}

function isEnvelope<T>(value: unknown): value is Envelope<T> {
  const status = (value as { status?: unknown } | null)?.status;
  return status === 'success' || status === 'error';
}
