import { Catch, HttpStatus, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { NotAppliedError, UnknownOutcomeError } from 'nestjs-redis-replication';

/**
 * Reports the outcome of a command to the client. Both requests of this app are idempotent and may be sent again, so
 * both outcomes are a 503 with `Retry-After`; `code` distinguishes them.
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
