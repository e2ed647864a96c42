import { ViewProgress } from '../projections/view-progress.js';
import type { FollowedRows, Stand } from '../projections/view-rows.js';
import type { ViewsMoved } from './messages.js';

/** The views that the other thread keeps. */
export class FollowedViews extends ViewProgress {
  constructor(
    private readonly rows: Pick<FollowedRows, 'stand'>, private unreadable: number | undefined, private readonly tellAwaited: (isAwaited: boolean) => void,
    onFailure: (error: unknown) => void,
  ) {
    super(onFailure);
  }

  get stand(): Stand { return this.rows.stand; }
  get unreadableAt(): number | undefined { return this.unreadable; }

  move({ stand, unreadableAt }: ViewsMoved): void {
    this.rows.stand = stand;
    this.unreadable = unreadableAt;
    this.tellAdvanced();
  }

  protected override onAwaited(): void {
    this.tellAwaited(this.isAwaited);
  }
}
