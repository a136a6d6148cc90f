/** Where each child's cell is. Pixels of CSS. */
export interface GridGeometry {
  readonly count: number;
  readonly columns: number;
  readonly rows: number;
  /** From one cell to the next, the gap included. */
  readonly pitch: number;
  readonly gap: number;
}

const SMALLEST = 4;
const LARGEST = 40;
/** What is tried to be filled without scrolling. */
const COMFORTABLE_HEIGHT = 380;

/** @param zoom 1: as large as all fit into a comfortable height. */
export function gridGeometry(count: number, width: number, zoom: number): GridGeometry {
  const fitting = Math.sqrt((Math.max(1, width) * COMFORTABLE_HEIGHT) / Math.max(1, count));
  const base = Math.min(24, Math.max(SMALLEST, fitting));
  const pitch = Math.round(Math.min(LARGEST, Math.max(SMALLEST, base * zoom)));
  // Tens are read more easily than any other number.
  const most = Math.max(1, Math.floor(width / pitch));
  const columns = most > 100 ? Math.floor(most / 50) * 50 : most > 10 ? Math.floor(most / 10) * 10 : most;
  return { count, columns, rows: Math.ceil(count / columns), pitch, gap: pitch >= 8 ? 2 : 1 };
}

export function cellAt({ count, columns, pitch }: GridGeometry, x: number, y: number): number | undefined {
  const column = Math.floor(x / pitch);
  const cell = Math.floor(y / pitch) * columns + column;
  return x >= 0 && y >= 0 && column < columns && cell < count ? cell : undefined;
}

/** Where a key leads from a cell; undefined for other keys. Left and right go on to what `isShown` lets through. */
export function cellAfterKey(
  { count, columns }: GridGeometry,
  cell: number,
  { key, ctrlKey, metaKey }: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey">,
  isShown: (cell: number) => boolean,
): number | undefined {
  const along = (step: 1 | -1): number => {
    for (let next = cell + step; next >= 0 && next < count; next += step) if (isShown(next)) return next;
    return cell;
  };
  const rowStart = cell - (cell % columns);
  const far = ctrlKey || metaKey;
  switch (key) {
    case "ArrowLeft":
      return along(-1);
    case "ArrowRight":
      return along(1);
    case "ArrowUp":
      return cell >= columns ? cell - columns : cell;
    case "ArrowDown":
      return cell + columns < count ? cell + columns : cell;
    case "Home":
      return far ? 0 : rowStart;
    case "End":
      return far ? count - 1 : Math.min(count - 1, rowStart + columns - 1);
    case "PageUp":
      return Math.max(cell % columns, cell - 10 * columns);
    case "PageDown":
      return cell + 10 * columns < count ? cell + 10 * columns : count - 1;
    default:
      return undefined;
  }
}
