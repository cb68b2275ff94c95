import { Catch, HttpStatus, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { NotAppliedError, UnknownOutcomeError } from 'nestjs-redis-replication';

/**
 * Tells the client what became of its command. Both requests of this app may be sent again, since a `PUT` of a note
 * does the same twice as once, so both outcomes are a 503 with `Retry-After`; `code` tells them apart.
 */
@Catch(NotAppliedError, UnknownOutcomeError)
export class OutcomeFilter implements ExceptionFilter<NotAppliedError | UnknownOutcomeError> {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch({ code, reason, generation }: NotAppliedError | UnknownOutcomeError, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response = host.switchToHttp().getResponse<unknown>();
    const statusCode = HttpStatus.SERVICE_UNAVAILABLE;
    httpAdapter.setHeader(response, 'Retry-After', '1');
    httpAdapter.reply(response, { statusCode, code, reason, generation }, statusCode);
  }
}
