// Scaled dot-product attention over packed sequences. One piece is one head of one sequence: its queries, keys and
// values are copied into a padded scratch where every product is a run of whole vectors, and scores never leave it.
#include "clones.h"
#include "device.h"

// A vector of 16 floats; where registers are narrower the compiler splits it.
enum { V = 16, TILE_M = 4, TILE_N = 2 * V };
typedef float vector __attribute__((vector_size(V * sizeof(float)), aligned(4)));

PARE_INLINE int padded(int n) { return (n + TILE_N - 1) / TILE_N * TILE_N; }

/// c [m, n] = a [m, k] · b [k, n]; n is a multiple of 32, row strides are as given, m is any number.
PARE_INLINE void product_rows(
  int rows, int n, int k, const float *a, int a_stride, const float *b, int b_stride, float *c, int c_stride) {
  for (int column = 0; column < n; column += TILE_N) {
    vector sum[TILE_M][2] = {{{0}}};
    const float *b_row = b + column;
    for (int i = 0; i < k; i++, b_row += b_stride) {
      vector low = *(const vector *)b_row, high = *(const vector *)(b_row + V);
      for (int r = 0; r < rows; r++) {
        sum[r][0] += a[r * a_stride + i] * low;
        sum[r][1] += a[r * a_stride + i] * high;
      }
    }
    for (int r = 0; r < rows; r++) {
      *(vector *)(c + r * c_stride + column) = sum[r][0];
      *(vector *)(c + r * c_stride + column + V) = sum[r][1];
    }
  }
}

PARE_INLINE void product(
  int m, int n, int k, const float *a, int a_stride, const float *b, int b_stride, float *c, int c_stride) {
  int r = 0;
  for (; r + TILE_M <= m; r += TILE_M)
    product_rows(TILE_M, n, k, a + r * a_stride, a_stride, b, b_stride, c + r * c_stride, c_stride);
  for (; r < m; r++) product_rows(1, n, k, a + r * a_stride, a_stride, b, b_stride, c + r * c_stride, c_stride);
}

/// Copies `rows` rows of `width` columns, padding each with zeros up to the target's stride.
PARE_INLINE void copy_rows(
  const float *from, size_t from_stride, int rows, int width, float factor, float *to, int to_stride) {
  for (int r = 0; r < rows; r++) {
    for (int i = 0; i < width; i++) to[r * to_stride + i] = from[r * from_stride + i] * factor;
    for (int i = width; i < to_stride; i++) to[r * to_stride + i] = 0;
  }
}

/// The transpose [width, rows] of the same, each row padded with zeros.
PARE_INLINE void transpose_rows(
  const float *from, size_t from_stride, int rows, int width, float *to, int to_stride) {
  for (int i = 0; i < width; i++) {
    for (int r = 0; r < rows; r++) to[i * to_stride + r] = from[r * from_stride + i];
    for (int r = rows; r < to_stride; r++) to[i * to_stride + r] = 0;
  }
}

typedef struct {
  const pare_attention *shape;
  const float *query_key_value, *kept, *dContext;
  float *probabilities, *context, *dQueryKeyValue;
  size_t *starts;  // of each sequence's probabilities, in floats
  _Atomic bool failed;
} run;

static int queries_of(const pare_attention *shape, int length) {
  return shape->first_token_only ? (length > 0) : length;
}

static int length_of(const pare_attention *shape, int sequence) {
  return shape->offsets[sequence + 1] - shape->offsets[sequence];
}

size_t pare_attention_probability_count(const pare_attention *shape) {
  size_t count = 0;
  for (int s = 0; s < shape->sequences; s++) {
    int length = length_of(shape, s);
    count += (size_t)shape->heads * queries_of(shape, length) * length;
  }
  return count;
}

// Keys of one piece's dropout lie apart from every other piece's.
PARE_INLINE uint64_t piece_key(uint64_t key, int piece) { return key + 0x9e3779b97f4a7c15u * (uint64_t)(piece + 1); }

PARE_INLINE void softmax_row(float *x, int count, float *most_seen) {
  float most = -INFINITY;
  for (int i = 0; i < count; i++) most = x[i] > most ? x[i] : most;
  float lanes[V] = {0}, sum = 0;
  int i = 0;
  for (; i + V <= count; i += V)
    for (int lane = 0; lane < V; lane++) {
      float e = pare_exp(x[i + lane] - most);
      x[i + lane] = e;
      lanes[lane] += e;
    }
  for (; i < count; i++) {
    x[i] = pare_exp(x[i] - most);
    sum += x[i];
  }
  for (int lane = 0; lane < V; lane++) sum += lanes[lane];
  float scale = 1 / sum;
  for (i = 0; i < count; i++) x[i] *= scale;
  *most_seen = most;
}

/// Queries scored together: their scores stay in the first-level cache.
enum { QUERY_BLOCK = 32 };

PARE_CLONES
static void forward_piece(void *context, int piece) {
  run *a = context;
  const pare_attention *shape = a->shape;
  int heads = shape->heads, size = shape->head_size, width = heads * size;
  int sequence = piece / heads, head = piece % heads;
  int first = shape->offsets[sequence], length = length_of(shape, sequence), queries = queries_of(shape, length);
  int keys = padded(length), columns = padded(size);
  size_t stride = 3 * (size_t)width;
  const float *q = a->query_key_value + first * stride + (size_t)head * size, *k = q + width, *v = k + width;
  size_t floats = (size_t)size * keys + (size_t)length * columns + QUERY_BLOCK * ((size_t)keys + columns + size);
  float *scratch = pare_allocate(floats * sizeof(float));
  if (!scratch) {
    a->failed = true;
    return;
  }
  float *keys_transposed = scratch, *values = keys_transposed + (size_t)size * keys;
  float *scores = values + (size_t)length * columns, *mixed = scores + (size_t)QUERY_BLOCK * keys;
  float *scaled = mixed + (size_t)QUERY_BLOCK * columns;
  transpose_rows(k, stride, length, size, keys_transposed, keys);
  copy_rows(v, stride, length, size, 1, values, columns);
  float scale = 1 / __builtin_elementwise_sqrt((float)size);
  uint32_t threshold = pare_dropout_threshold(shape->dropout);
  float kept = pare_dropout_scale(shape->dropout);
  uint64_t key = piece_key(shape->dropout.key, piece);
  float *probabilities =
    a->probabilities ? a->probabilities + a->starts[sequence] + (size_t)head * queries * length : NULL;
  size_t row = shape->first_token_only ? (size_t)sequence : (size_t)first;
  float *target = a->context + row * width + (size_t)head * size;
  for (int start = 0; start < queries; start += QUERY_BLOCK) {
    int rows = queries - start < QUERY_BLOCK ? queries - start : QUERY_BLOCK;
    copy_rows(q + start * stride, stride, rows, size, scale, scaled, size);
    product(rows, keys, size, scaled, size, keys_transposed, keys, scores, keys);
    for (int r = 0; r < rows; r++) {
      float most, *x = scores + (size_t)r * keys;
      softmax_row(x, length, &most);
      if (probabilities) memcpy(probabilities + (size_t)(start + r) * length, x, (size_t)length * sizeof(float));
      if (shape->dropout.probability > 0)
        for (int i = 0; i < length; i++)
          x[i] *= pare_dropout_factor(key, (uint32_t)((start + r) * length + i), threshold, kept);
    }
    product(rows, columns, length, scores, keys, values, columns, mixed, columns);
    for (int r = 0; r < rows; r++)
      memcpy(target + (size_t)(start + r) * width, mixed + (size_t)r * columns, (size_t)size * sizeof(float));
  }
  pare_release(scratch, floats * sizeof(float));
}

// P = softmax(S), S = scale · Q Kᵀ, P' = dropout(P), C = P' V. Then
// dV = P'ᵀ dC; dP = dropout(dC Vᵀ); dS = P ∘ (dP − rowsum(P ∘ dP)); dQ = scale · dS K; dK = scale · dSᵀ Q.
PARE_CLONES
static void backward_piece(void *context, int piece) {
  run *a = context;
  const pare_attention *shape = a->shape;
  int heads = shape->heads, size = shape->head_size, width = heads * size;
  int sequence = piece / heads, head = piece % heads;
  int first = shape->offsets[sequence], length = length_of(shape, sequence), queries = queries_of(shape, length);
  int keys = padded(length), columns = padded(size), rows = padded(queries);
  size_t stride = 3 * (size_t)width;
  size_t origin = first * stride + (size_t)head * size;
  const float *q = a->query_key_value + origin, *k = q + width, *v = k + width;
  float *dQ = a->dQueryKeyValue + origin, *dK = dQ + width, *dV = dK + width;
  size_t row = shape->first_token_only ? (size_t)sequence : (size_t)first;
  const float *dC = a->dContext + row * width + (size_t)head * size;
  size_t grid = (size_t)(queries > length ? queries : length) * (keys > rows ? keys : rows);
  size_t floats = 3 * grid + (size_t)size * keys + 3 * (size_t)length * columns + 2 * (size_t)length * columns;
  float *scratch = pare_allocate(floats * sizeof(float));
  if (!scratch) {
    a->failed = true;
    return;
  }
  float *dScores = scratch, *dropped = dScores + grid, *transposed = dropped + grid;
  float *values_transposed = transposed + grid, *left = values_transposed + (size_t)size * keys;
  float *right = left + (size_t)length * columns, *result = right + (size_t)length * columns;
  const float *probabilities = a->kept + a->starts[sequence] + (size_t)head * queries * length;
  float scale = 1 / __builtin_elementwise_sqrt((float)size);
  uint32_t threshold = pare_dropout_threshold(shape->dropout);
  float kept = pare_dropout_scale(shape->dropout);
  uint64_t key = piece_key(shape->dropout.key, piece);
  bool drops = shape->dropout.probability > 0;

  transpose_rows(v, stride, length, size, values_transposed, keys);
  copy_rows(dC, (size_t)width, queries, size, 1, left, columns);
  product(queries, keys, size, left, columns, values_transposed, keys, dScores, keys);
  for (int r = 0; r < queries; r++) {
    const float *p = probabilities + (size_t)r * length;
    float *d = dScores + (size_t)r * keys, *p_dropped = dropped + (size_t)r * keys;
    for (int i = 0; i < length; i++) {
      float factor = drops ? pare_dropout_factor(key, (uint32_t)(r * length + i), threshold, kept) : 1;
      p_dropped[i] = p[i] * factor;
      d[i] *= factor;
    }
    float lanes[V] = {0}, sum = 0;
    int i = 0;
    for (; i + V <= length; i += V)
      for (int lane = 0; lane < V; lane++) lanes[lane] += p[i + lane] * d[i + lane];
    for (; i < length; i++) sum += p[i] * d[i];
    for (int lane = 0; lane < V; lane++) sum += lanes[lane];
    for (i = 0; i < length; i++) d[i] = p[i] * (d[i] - sum) * scale;
  }
  transpose_rows(dropped, (size_t)keys, queries, length, transposed, rows);
  product(length, columns, queries, transposed, rows, left, columns, result, columns);  // dV
  for (int r = 0; r < length; r++) memcpy(dV + r * stride, result + (size_t)r * columns, (size_t)size * sizeof(float));
  copy_rows(k, stride, length, size, 1, right, columns);
  product(queries, columns, length, dScores, keys, right, columns, result, columns);  // dQ
  for (int r = 0; r < queries; r++) memcpy(dQ + r * stride, result + (size_t)r * columns, (size_t)size * sizeof(float));
  for (int r = queries; r < length; r++) memset(dQ + r * stride, 0, (size_t)size * sizeof(float));
  copy_rows(q, stride, queries, size, 1, right, columns);
  transpose_rows(dScores, (size_t)keys, queries, length, transposed, rows);
  product(length, columns, queries, transposed, rows, right, columns, result, columns);  // dK
  for (int r = 0; r < length; r++) memcpy(dK + r * stride, result + (size_t)r * columns, (size_t)size * sizeof(float));
  pare_release(scratch, floats * sizeof(float));
}

static bool run_heads(pare_device *device, run *a, bool has_probabilities, pare_body body) {
  const pare_attention *shape = a->shape;
  if (shape->heads == 0 || shape->head_size == 0 || shape->sequences == 0) return true;
  size_t bytes = ((size_t)shape->sequences + 1) * sizeof(size_t);
  a->starts = pare_allocate(bytes);
  if (!a->starts) return false;
  size_t start = 0;
  for (int s = 0; s < shape->sequences; s++) {
    int length = length_of(shape, s);
    a->starts[s] = start;
    if (has_probabilities) start += (size_t)shape->heads * queries_of(shape, length) * length;
  }
  pare_run(device, shape->sequences * shape->heads, body, a);
  pare_release(a->starts, bytes);
  return !a->failed;
}

bool pare_attention_forward(pare_device *device, const pare_attention *attention, const float *query_key_value,
  float *probabilities, float *context) {
  run a = {.shape = attention, .query_key_value = query_key_value, .probabilities = probabilities, .context = context};
  return run_heads(device, &a, probabilities != NULL, forward_piece);
}

bool pare_attention_backward(pare_device *device, const pare_attention *attention, const float *query_key_value,
  const float *probabilities, const float *dContext, float *dQueryKeyValue) {
  run a = {.shape = attention, .query_key_value = query_key_value, .kept = probabilities, .dContext = dContext,
    .dQueryKeyValue = dQueryKeyValue};
  return run_heads(device, &a, true, backward_piece);
}

typedef struct {
  const float *a, *b, *gates;
  const int32_t *offsets;
  float *out;
  int rows, heads, size;
} heads_run;

static void scale_heads_piece(void *context, int piece) {
  const heads_run *h = context;
  int end = pare_piece_end(piece, h->rows);
  for (int r = piece * PARE_PIECE_ROWS; r < end; r++)
    for (int head = 0; head < h->heads; head++) {
      float *x = h->out + ((size_t)r * h->heads + head) * h->size;
      for (int i = 0; i < h->size; i++) x[i] *= h->gates[head];
    }
}

void pare_scale_heads(pare_device *device, float *context, int rows, int heads, int head_size, const float *gates) {
  heads_run h = {.gates = gates, .out = context, .rows = rows, .heads = heads, .size = head_size};
  pare_run(device, pare_pieces(rows), scale_heads_piece, &h);
}

static void head_products_piece(void *context, int piece) {
  const heads_run *h = context;
  int sequence = piece / h->heads, head = piece % h->heads;
  double sum = 0;
  for (int r = h->offsets[sequence]; r < h->offsets[sequence + 1]; r++) {
    size_t start = ((size_t)r * h->heads + head) * h->size;
    for (int i = 0; i < h->size; i++) sum += (double)h->a[start + i] * h->b[start + i];
  }
  h->out[piece] = (float)sum;
}

void pare_head_products(pare_device *device, const float *a, const float *b, const int32_t *offsets, int sequences,
  int heads, int head_size, float *products) {
  heads_run h = {.a = a, .b = b, .offsets = offsets, .out = products, .heads = heads, .size = head_size};
  pare_run(device, sequences * heads, head_products_piece, &h);
}
