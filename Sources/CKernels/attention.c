// Scaled dot-product attention over packed sequences. One piece is one head of one sequence. Every product is a run of
// whole vectors: what is not as wide as that is copied into a padded scratch first. Scores never leave the scratch.
#include "clones.h"
#include "device.h"

// A vector of 16 floats; where registers are narrower the compiler splits it.
enum { V = 16, TILE_M = 4, TILE_N = 2 * V };
typedef float vector __attribute__((vector_size(V * sizeof(float)), aligned(4)));

PARE_INLINE int padded(int n) { return (n + TILE_N - 1) / TILE_N * TILE_N; }

/// A matrix whose element (r, i) is at r · row + i · column.
typedef struct {
  const float *start;
  size_t row, column;
} operand;

/// c [m, n] = a [m, k] · b [k, n]; n is a multiple of 32, rows of b and c are as far apart as given, m is any number.
PARE_INLINE void product_rows(
  int rows, int n, int k, operand a, const float *b, size_t b_stride, float *c, size_t c_stride) {
  for (int column = 0; column < n; column += TILE_N) {
    vector sum[TILE_M][2] = {{{0}}};
    const float *b_row = b + column;
    const float *a_column = a.start;
    for (int i = 0; i < k; i++, b_row += b_stride, a_column += a.column) {
      vector low = *(const vector *)b_row, high = *(const vector *)(b_row + V);
      for (int r = 0; r < rows; r++) {
        sum[r][0] += a_column[r * a.row] * low;
        sum[r][1] += a_column[r * a.row] * high;
      }
    }
    for (int r = 0; r < rows; r++) {
      *(vector *)(c + r * c_stride + column) = sum[r][0];
      *(vector *)(c + r * c_stride + column + V) = sum[r][1];
    }
  }
}

PARE_INLINE void product(int m, int n, int k, operand a, const float *b, size_t b_stride, float *c, size_t c_stride) {
  int r = 0;
  for (; r + TILE_M <= m; r += TILE_M, a.start += TILE_M * a.row)
    product_rows(TILE_M, n, k, a, b, b_stride, c + r * c_stride, c_stride);
  for (; r < m; r++, a.start += a.row) product_rows(1, n, k, a, b, b_stride, c + r * c_stride, c_stride);
}

/// c [m, width] = a [m, k] · b [k, width] for any width, through `scratch` where that is no run of whole vectors.
PARE_INLINE void product_of_width(int m, int width, int k, operand a, const float *b, size_t b_stride, float *scratch,
  float *c, size_t c_stride) {
  int columns = padded(width);
  if (columns == width) {
    product(m, width, k, a, b, b_stride, c, c_stride);
    return;
  }
  float *wide = scratch, *result = scratch + (size_t)k * columns;
  for (int i = 0; i < k; i++) {
    memcpy(wide + (size_t)i * columns, b + i * b_stride, (size_t)width * sizeof(float));
    memset(wide + (size_t)i * columns + width, 0, (size_t)(columns - width) * sizeof(float));
  }
  product(m, columns, k, a, wide, (size_t)columns, result, (size_t)columns);
  for (int r = 0; r < m; r++) memcpy(c + r * c_stride, result + (size_t)r * columns, (size_t)width * sizeof(float));
}

/// Floats that `product_of_width` may need.
PARE_INLINE size_t scratch_of_width(int m, int width, int k) {
  return padded(width) == width ? 0 : (size_t)(m + k) * padded(width);
}

/// The transpose [width, rows] of rows times a factor, each row padded with zeros up to the target's stride.
PARE_INLINE void transpose_rows(
  const float *from, size_t from_stride, int rows, int width, float factor, float *to, int to_stride) {
  for (int i = 0; i < width; i++) {
    for (int r = 0; r < rows; r++) to[i * to_stride + r] = from[r * from_stride + i] * factor;
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
  int keys = padded(length);
  size_t stride = 3 * (size_t)width;
  const float *q = a->query_key_value + first * stride + (size_t)head * size, *k = q + width, *v = k + width;
  size_t floats =
    (size_t)size * keys + QUERY_BLOCK * (size_t)keys + scratch_of_width(QUERY_BLOCK, size, length);
  float *scratch = pare_allocate(floats * sizeof(float));
  if (!scratch) {
    a->failed = true;
    return;
  }
  float *keys_transposed = scratch, *scores = keys_transposed + (size_t)size * keys;
  float *rest = scores + (size_t)QUERY_BLOCK * keys;
  transpose_rows(k, stride, length, size, 1 / __builtin_elementwise_sqrt((float)size), keys_transposed, keys);
  uint32_t threshold = pare_dropout_threshold(shape->dropout);
  float kept = pare_dropout_scale(shape->dropout);
  uint64_t key = piece_key(shape->dropout.key, piece);
  float *probabilities =
    a->probabilities ? a->probabilities + a->starts[sequence] + (size_t)head * queries * length : NULL;
  size_t row = shape->first_token_only ? (size_t)sequence : (size_t)first;
  float *target = a->context + row * width + (size_t)head * size;
  for (int start = 0; start < queries; start += QUERY_BLOCK) {
    int rows = queries - start < QUERY_BLOCK ? queries - start : QUERY_BLOCK;
    operand queries_block = {q + start * stride, stride, 1}, mixing = {scores, (size_t)keys, 1};
    product(rows, keys, size, queries_block, keys_transposed, (size_t)keys, scores, (size_t)keys);
    for (int r = 0; r < rows; r++) {
      float most, *x = scores + (size_t)r * keys;
      softmax_row(x, length, &most);
      if (probabilities) memcpy(probabilities + (size_t)(start + r) * length, x, (size_t)length * sizeof(float));
      if (shape->dropout.probability > 0)
        for (int i = 0; i < length; i++)
          x[i] *= pare_dropout_factor(key, (uint32_t)((start + r) * length + i), threshold, kept);
    }
    product_of_width(rows, size, length, mixing, v, stride, rest, target + (size_t)start * width, (size_t)width);
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
  int keys = padded(length);
  size_t stride = 3 * (size_t)width;
  size_t origin = first * stride + (size_t)head * size;
  const float *q = a->query_key_value + origin, *k = q + width, *v = k + width;
  float *dQ = a->dQueryKeyValue + origin, *dK = dQ + width, *dV = dK + width;
  size_t row = shape->first_token_only ? (size_t)sequence : (size_t)first;
  const float *dC = a->dContext + row * width + (size_t)head * size;
  size_t grid = (size_t)queries * keys;
  size_t floats = 2 * grid + (size_t)size * keys + scratch_of_width(length, size, length);
  float *scratch = pare_allocate(floats * sizeof(float));
  if (!scratch) {
    a->failed = true;
    return;
  }
  float *dScores = scratch, *dropped = dScores + grid, *values_transposed = dropped + grid;
  float *rest = values_transposed + (size_t)size * keys;
  const float *probabilities = a->kept + a->starts[sequence] + (size_t)head * queries * length;
  float scale = 1 / __builtin_elementwise_sqrt((float)size);
  uint32_t threshold = pare_dropout_threshold(shape->dropout);
  float kept = pare_dropout_scale(shape->dropout);
  uint64_t key = piece_key(shape->dropout.key, piece);
  bool drops = shape->dropout.probability > 0;

  transpose_rows(v, stride, length, size, 1, values_transposed, keys);
  product(queries, keys, size, (operand){dC, (size_t)width, 1}, values_transposed, (size_t)keys, dScores, (size_t)keys);
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
  operand by_query = {dScores, (size_t)keys, 1}, by_key = {dScores, 1, (size_t)keys};
  operand dropped_by_key = {dropped, 1, (size_t)keys};
  product_of_width(length, size, queries, dropped_by_key, dC, (size_t)width, rest, dV, stride);
  product_of_width(queries, size, length, by_query, k, stride, rest, dQ, stride);
  for (int r = queries; r < length; r++) memset(dQ + r * stride, 0, (size_t)size * sizeof(float));
  product_of_width(length, size, queries, by_key, q, stride, rest, dK, stride);
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
