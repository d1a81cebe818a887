// What tools do to a map of classes: a flat array of height × width numbers.

/** The cells of a straight line between two cells [row, column], with both (Bresenham 1965). */
export function line([row, column], [lastRow, lastColumn]) {
  const cells = [],
    down = Math.abs(lastRow - row),
    across = Math.abs(lastColumn - column);
  const rowStep = row < lastRow ? 1 : -1,
    columnStep = column < lastColumn ? 1 : -1;
  let error = across - down;
  for (;;) {
    cells.push([row, column]);
    if (row === lastRow && column === lastColumn) return cells;
    const twice = 2 * error;
    if (twice > -down) {
      error -= down;
      column += columnStep;
    }
    if (twice < across) {
      error += across;
      row += rowStep;
    }
  }
}

/** Puts a disc of `size` cells across on each of the cells. */
export function stamp({ map, height, width }, cells, size, value) {
  const reach = (size - 1) / 2,
    limit = (size / 2) ** 2;
  for (const [row, column] of cells) {
    for (let down = Math.ceil(-reach); down <= Math.floor(reach + 0.5); down += 1) {
      for (let across = Math.ceil(-reach); across <= Math.floor(reach + 0.5); across += 1) {
        const off = size % 2 ? 0 : 0.5; // the middle of an even number of cells is a corner
        if ((down - off) ** 2 + (across - off) ** 2 > limit) continue;
        const y = row + down,
          x = column + across;
        if (y >= 0 && y < height && x >= 0 && x < width) map[y * width + x] = value;
      }
    }
  }
}

/** Fills the rectangle between two corners. */
export function rectangle({ map, height, width }, [row, column], [otherRow, otherColumn], value) {
  const left = Math.max(0, Math.min(column, otherColumn)),
    right = Math.min(width - 1, Math.max(column, otherColumn));
  for (let y = Math.max(0, Math.min(row, otherRow)); y <= Math.min(height - 1, Math.max(row, otherRow)); y += 1) {
    map.fill(value, y * width + left, y * width + right + 1);
  }
}

/** Fills all cells of one value that hang together with a cell by their sides. */
export function flood({ map, height, width }, [row, column], value) {
  const old = map[row * width + column];
  if (old === value) return;
  const open = [[row, column]];
  while (open.length) {
    const [y, x] = open.pop();
    if (y < 0 || y >= height || x < 0 || x >= width || map[y * width + x] !== old) continue;
    map[y * width + x] = value;
    open.push([y - 1, x], [y + 1, x], [y, x - 1], [y, x + 1]);
  }
}
