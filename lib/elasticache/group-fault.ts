/** Why an answer of the API names no nodes to use. */
export class GroupFault extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}
