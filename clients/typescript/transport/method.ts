/** How a message becomes bytes and back. */
export interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

/** One method of a service: where it is called and what it takes and gives. */
export interface Method<Request, Response> {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
}

interface Service<Methods> {
  readonly fullName: string;
  readonly methods: Methods;
}

interface GeneratedMethod<Request, Response> {
  readonly name: string;
  readonly requestType: Codec<Request>;
  readonly responseType: Codec<Response>;
}

/** The method that a generated service definition describes. */
export function methodOf<Request, Response>(
  service: Service<unknown>,
  method: GeneratedMethod<Request, Response>,
): Method<Request, Response> {
  return {
    path: `/${service.fullName}/${method.name}`,
    request: method.requestType,
    response: method.responseType,
  };
}
