import { Module } from '@nestjs/common';
import { APP_CONFIG } from './app-config.js';
import { readConfig } from './read-config.js';

@Module({
  providers: [{ provide: APP_CONFIG, useFactory: () => readConfig(process.env) }],
  exports: [APP_CONFIG],
})
export class ConfigModule {}
