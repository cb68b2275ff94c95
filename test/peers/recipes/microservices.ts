import { Controller, Inject, Injectable, Module, type INestApplication } from '@nestjs/common';
import { ClientsModule, MessagePattern, type ClientProxy } from '@nestjs/microservices';
import type { Redis } from 'ioredis';
import { getRedisWriterToken } from 'nestjs-redis-replication';
import { RedisReplicationClient, RedisReplicationServer } from 'nestjs-redis-replication/microservices';
import { timeout, type Observable } from 'rxjs';

@Controller()
export class PricesController {
  @MessagePattern('price')
  price(item: string): number {
    return item.length;
  }
}

/** In `main.ts`, in the place of `transport: Transport.REDIS`. */
export async function listen(app: INestApplication): Promise<void> {
  const writer = app.get<Redis>(getRedisWriterToken());
  app.connectMicroservice({ strategy: new RedisReplicationServer({ writer }) });
  await app.startAllMicroservices();
}

@Injectable()
export class Prices {
  constructor(@Inject('PRICES') private readonly client: ClientProxy) {}

  /** A message that is lost in a failover has no reply. */
  of(item: string): Observable<number> {
    return this.client.send<number>('price', item).pipe(timeout(5000));
  }
}

@Module({
  imports: [
    ClientsModule.registerAsync([
      {
        name: 'PRICES',
        inject: [getRedisWriterToken()],
        useFactory: (writer: Redis) => ({ customClass: RedisReplicationClient, options: { writer } }),
      },
    ]),
  ],
  controllers: [PricesController],
  providers: [Prices],
})
export class PricesModule {}
