import type { StatusLook, StatusLooks } from "../../../components/job-colors.ts";
import { STATUSES } from "./children.ts";
import type { GridGeometry } from "./grid-geometry.ts";

export interface GridPicture {
  readonly geometry: GridGeometry;
  readonly states: Uint8Array;
  readonly looks: StatusLooks;
  readonly isShown: (cell: number) => boolean;
  readonly current: number | undefined;
  /** What goes around the current cell. */
  readonly ring: string;
  /** Of the whole grid, what is seen: pixels of CSS. */
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Marks in smaller cells would be specks. */
const SMALLEST_MARKED = 7;

/** Draws the rows that are seen, in the screen's own pixels. */
export function drawGrid(canvas: HTMLCanvasElement, picture: GridPicture): void {
  const { geometry, states, looks, isShown, current, top, width, height } = picture;
  const { columns, rows, pitch, gap, count } = geometry;
  const ratio = window.devicePixelRatio || 1;
  const [deviceWidth, deviceHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== deviceWidth) canvas.width = deviceWidth;
  if (canvas.height !== deviceHeight) canvas.height = deviceHeight;
  const context = canvas.getContext("2d")!;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, deviceWidth, deviceHeight);
  // Cells begin and end at whole pixels of the screen.
  const snap = (value: number): number => Math.round(value * ratio);
  const firstRow = Math.max(0, Math.floor(top / pitch));
  const lastRow = Math.min(rows - 1, Math.floor((top + height) / pitch));
  for (let row = firstRow; row <= lastRow; row += 1) {
    const y = snap(row * pitch - top);
    const cellHeight = snap(row * pitch - top + pitch - gap) - y;
    for (let column = 0; column < columns; column += 1) {
      const cell = row * columns + column;
      if (cell >= count) break;
      const x = snap(column * pitch);
      const cellWidth = snap(column * pitch + pitch - gap) - x;
      const look = looks[STATUSES[states[cell]!]!];
      context.globalAlpha = isShown(cell) ? 1 : 0.12;
      context.fillStyle = look.fill;
      context.fillRect(x, y, cellWidth, cellHeight);
      if (pitch - gap >= SMALLEST_MARKED - 2) drawMark(context, look, { x, y, size: Math.min(cellWidth, cellHeight) });
    }
  }
  context.globalAlpha = 1;
  if (current === undefined || current >= count) return;
  const x = snap((current % columns) * pitch);
  const y = snap(Math.floor(current / columns) * pitch - top);
  const side = snap(pitch - gap);
  context.lineWidth = Math.max(2, Math.round(2 * ratio));
  context.strokeStyle = picture.ring;
  context.strokeRect(x - ratio, y - ratio, side + 2 * ratio, side + 2 * ratio);
}

function drawMark(
  context: CanvasRenderingContext2D,
  { mark, ink }: StatusLook,
  { x, y, size }: { readonly x: number; readonly y: number; readonly size: number },
): void {
  if (mark === undefined) return;
  const inset = size * 0.25;
  context.strokeStyle = ink;
  context.fillStyle = ink;
  context.lineWidth = Math.max(1, size * 0.12);
  context.beginPath();
  if (mark === "cross") {
    context.moveTo(x + inset, y + inset);
    context.lineTo(x + size - inset, y + size - inset);
    context.moveTo(x + size - inset, y + inset);
    context.lineTo(x + inset, y + size - inset);
    context.stroke();
    return;
  }
  context.arc(x + size / 2, y + size / 2, size * (mark === "dot" ? 0.18 : 0.25), 0, 2 * Math.PI);
  if (mark === "dot") context.fill();
  else context.stroke();
}
