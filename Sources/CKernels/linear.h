// What the products of a linear layer share, in 32 bits and in bfloat16: how a result is cut into tiles.
#ifndef PARE_LINEAR_H
#define PARE_LINEAR_H

#include "clones.h"
#include "device.h"

/// How a matrix is cut: by its sizes alone, so that results do not depend on threads.
typedef struct {
  int rows, columns, across;  // of a tile, and tiles side by side
} pare_tiles;

typedef struct {
  int row, column, rows, columns;
} pare_tile;

/// An even number of tiles of about 192 columns: two threads share them equally.
PARE_INLINE int pare_tile_width(int columns) {
  int count = 2 * ((columns + 192) / 384);
  if (count == 0) count = columns >= 64 ? 2 : 1;
  return ((columns + count - 1) / count + 15) / 16 * 16;
}

PARE_INLINE pare_tiles pare_tiles_of(int rows, int columns) {
  enum { ROWS = 512 };
  int width = pare_tile_width(columns);
  return (pare_tiles){rows < ROWS ? rows : ROWS, width, (columns + width - 1) / width};
}

PARE_INLINE int pare_tile_count(const pare_tiles *tiles, int rows) {
  return (rows + tiles->rows - 1) / tiles->rows * tiles->across;
}

/// Tile `piece` of a matrix of `rows` × `columns`.
PARE_INLINE pare_tile pare_tile_at(const pare_tiles *tiles, int piece, int rows, int columns) {
  pare_tile tile = {.row = piece / tiles->across * tiles->rows, .column = piece % tiles->across * tiles->columns};
  tile.rows = rows - tile.row < tiles->rows ? rows - tile.row : tiles->rows;
  tile.columns = columns - tile.column < tiles->columns ? columns - tile.column : tiles->columns;
  return tile;
}

#endif
