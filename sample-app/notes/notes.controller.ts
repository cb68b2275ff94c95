import type { ServerResponse } from 'node:http';
import { Body, Controller, Get, NotFoundException, Param, Put, Res, UseFilters } from '@nestjs/common';
import { parseId, parseText, type Note } from './note.js';
import { NotesService } from './notes.service.js';
import { OutcomeFilter } from './outcome.filter.js';

@Controller('notes')
@UseFilters(OutcomeFilter)
export class NotesController {
  constructor(private readonly notes: NotesService) {}

  @Put(':id')
  async write(
    @Param('id') id: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<Note> {
    const note = { id: parseId(id), text: parseText(body) };
    const { attempts } = await this.notes.write(note);
    response.setHeader('x-write-attempts', attempts);
    return note;
  }

  @Get(':id')
  async read(@Param('id') id: string): Promise<Note> {
    const note = await this.notes.read(parseId(id));
    if (note === undefined) {
      throw new NotFoundException(`there is no note ${id}`);
    }
    return note;
  }
}
