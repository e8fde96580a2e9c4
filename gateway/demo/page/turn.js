// One thing after another. A request holds the turn until its answer is taken in, so that nothing older is applied after
// something newer; events wait for their turn, too.

export class Turn {
  #last = Promise.resolve();

  take(act) {
    const mine = this.#last.then(act);
    this.#last = mine.catch(() => {});
    return mine;
  }
}
