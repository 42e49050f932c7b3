// The narrow interface to everything that runs hot: oneDNN's matrix products and the row kernels that no library has
// fused the way an encoder over packed sequences needs them. Row-major float throughout; sizes in elements, not bytes.
//
// Results never depend on the number of threads: work is cut into pieces whose bounds follow from the shapes alone,
// and sums run in a fixed order.
#ifndef PARE_CKERNELS_H
#define PARE_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- memory.c ------------------------------------------------------------------------------------------------

/// Memory aligned to 64 bytes, not cleared; large blocks are recycled. NULL when there is none left.
void *pare_allocate(size_t bytes);
void pare_release(void *memory, size_t bytes);
/// The most memory the process ever had resident, in bytes.
size_t pare_peak_memory(void);

// ---- files.c -------------------------------------------------------------------------------------------------

/// A file mapped read-only and private; NULL with errno set when that fails.
const void *pare_map_file(int descriptor, size_t bytes);
void pare_unmap_file(const void *memory, size_t bytes);
/// The whole pages within these bytes of a mapped file leave memory, and come from the file again when they are touched.
void pare_release_pages(const void *start, size_t bytes);
/// Two files or folders change places in one step; false with errno set when the system cannot.
bool pare_exchange_files(const char *a, const char *b);
/// Waits until a file or folder is on the disk; false with errno set when that fails.
bool pare_flush_file(const char *path);

// ---- pool.c --------------------------------------------------------------------------------------------------

typedef struct pare_device pare_device;
typedef void (*pare_body)(void *context, int piece);

/// A pool of `threads` threads (the caller counts as one) with its oneDNN engine; NULL when that fails.
pare_device *pare_device_create(int threads);
void pare_device_destroy(pare_device *device);
int pare_device_threads(const pare_device *device);
/// Calls `body` once for every piece in 0..<pieces. A call from within a piece, or while another
/// caller holds the pool, runs on the calling thread alone: slower, never different.
void pare_run(pare_device *device, int pieces, pare_body body, void *context);

// ---- engine.c, packed.c, linear.c, narrow.c ----------------------------------------------------------------------------------------------

/// How the operands of a product are stored while it is computed; sums are always f32.
typedef enum { PARE_F32 = 0, PARE_BF16 = 1 } pare_element;

/// oneDNN's version, as it was found when the program started.
void pare_onednn_version(int *major, int *minor, int *patch);
/// The widest instruction set that oneDNN uses here, such as "avx512_core".
const char *pare_onednn_isa(void);

/// A weight matrix in the layout that the products like best, made once and only read afterwards.
typedef struct pare_packed pare_packed;
/// Packs `weight` [outputs, inputs]; NULL when memory is short or oneDNN refuses.
pare_packed *pare_pack(pare_device *device, pare_element element, const float *weight, int outputs, int inputs);
void pare_packed_release(pare_packed *packed);
size_t pare_packed_bytes(const pare_packed *packed);
/// y [rows, outputs] = x [rows, inputs] · weightᵀ + bias; `bias` may be NULL. False when oneDNN failed.
bool pare_packed_product(
  pare_device *device, const pare_packed *packed, const float *x, int rows, const float *bias, float *y);

/// y [rows, outputs] = x [rows, inputs] · weightᵀ + bias, with a plain weight [outputs, inputs]; `bias` may be NULL.
bool pare_linear_forward(pare_device *device, const float *x, int rows, int inputs, const float *weight, int outputs,
  const float *bias, float *y);
/// dX [rows, inputs] = dY [rows, outputs] · weight, or dX += the same where `accumulate`;
/// dWeight [outputs, inputs] += dYᵀ · x; dBias [outputs] += the column sums of dY.
bool pare_linear_backward(pare_device *device, const float *dY, int rows, int outputs, const float *x, int inputs,
  const float *weight, bool accumulate, float *dX, float *dWeight, float *dBias);
/// products [a_columns, b_columns] += aᵀ · b over all rows; column_sums [a_columns] += the column sums of a.
bool pare_add_products(pare_device *device, const float *a, int rows, int a_columns, const float *b, int b_columns,
  float *products, float *column_sums);

/// A matrix [rows, columns] in bfloat16, for products.
typedef struct pare_narrow pare_narrow;
/// NULL when memory is short.
pare_narrow *pare_narrow_create(pare_device *device, const float *from, int rows, int columns);
void pare_narrow_release(pare_narrow *matrix);
/// The same products of x [rows, inputs] and weight [outputs, inputs] in bfloat16, with sums in 32 bits.
bool pare_narrow_forward(
  pare_device *device, const pare_narrow *x, const pare_narrow *weight, const float *bias, float *y);
bool pare_narrow_backward(pare_device *device, const float *dY, const pare_narrow *x, const pare_narrow *weight,
  bool accumulate, float *dX, float *dWeight, float *dBias);

// ---- sparse.c, sparsekernels.c -------------------------------------------------------------------------------------

/// How a weight is kept without most of its zeros.
typedef enum {
  PARE_SPARSE_ROWS = 0,    // the nonzero weights of each output
  PARE_SPARSE_GROUPS = 1,  // of each 4 outputs, the inputs that any of them takes: 4 weights each, zeros among them
} pare_sparse_layout;
/// As many inputs as groups can name.
enum { PARE_MOST_GROUP_INPUTS = 1 << 16 };

/// What the machine's instructions are used of; results may differ in last bits between levels.
typedef enum {
  PARE_LEVEL_BASE = 0,  // what every machine of the architecture has
  PARE_LEVEL_V3 = 1,    // x86-64-v3: AVX2 and fused multiply-add
  PARE_LEVEL_V4 = 2,    // x86-64-v4: AVX-512
} pare_level;
/// The highest level that this machine has; it has all below too.
pare_level pare_best_level(void);

/// `values`: weights that are not zero; `entries`: columns of groups of 4 rows that are not all zero. False when memory
/// is short.
bool pare_count_nonzeros(const float *weight, int outputs, int inputs, size_t *values, size_t *entries);

/// A weight matrix without most of its zeros, made once and only read afterwards.
typedef struct pare_sparse pare_sparse;
/// Packs `weight` [outputs, inputs]; NULL when memory is short, or there are more inputs than groups can name.
pare_sparse *pare_sparse_pack(
  const float *weight, int outputs, int inputs, pare_sparse_layout layout, pare_level level);
void pare_sparse_release(pare_sparse *sparse);
size_t pare_sparse_bytes(const pare_sparse *sparse);
/// y [rows, outputs] = x [rows, inputs] · weightᵀ + bias; `bias` may be NULL. What is infinite or NaN in x does not
/// meet weights that were left out. False when memory is short.
bool pare_sparse_product(
  pare_device *device, const pare_sparse *sparse, const float *x, int rows, const float *bias, float *y);

// ---- elements.c --------------------------------------------------------------------------------------------

/// Dropout as a function of position: element i survives, scaled by 1/(1 − p), when a hash of (key, i) says so.
/// probability 0 keeps all. The backward pass asks the same function again instead of storing a mask.
typedef struct {
  float probability;
  uint64_t key;
} pare_dropout;

/// y = GELU(x), exact (Φ through erf). x and y may be the same memory.
void pare_gelu_forward(pare_device *device, const float *x, size_t count, float *y);
/// dX = dY · GELU'(x). dX and dY may be the same memory.
void pare_gelu_backward(pare_device *device, const float *x, const float *dY, size_t count, float *dX);

/// x = tanh(x), in place; and dY = dY · (1 − y²), in place, from the output y.
void pare_tanh_forward(float *x, size_t count);
void pare_tanh_backward(const float *y, size_t count, float *dY);
/// x = max(x, 0), in place; and dY = 0 where the output y is 0, in place.
void pare_relu_forward(float *x, size_t count);
void pare_relu_backward(const float *y, size_t count, float *dY);
/// x = dropout(x), in place; its own backward pass.
void pare_dropout_apply(pare_device *device, float *x, size_t count, pare_dropout dropout);
/// y += x.
void pare_add(pare_device *device, const float *x, size_t count, float *y);
/// Σ x², in double, in a fixed order.
double pare_sum_of_squares(pare_device *device, const float *x, size_t count);
/// True when no element is NaN or infinite.
bool pare_all_finite(pare_device *device, const float *x, size_t count);

// ---- adamw.c ------------------------------------------------------------------------------------------------

/// One AdamW step (Loshchilov & Hutter, 2019) on `count` elements; the gradient is cleared behind it.
typedef struct {
  float learning_rate, beta1, beta2, epsilon, weight_decay, gradient_scale;
  float correction1, correction2;  // 1 − βᵗ
} pare_adamw;
void pare_adamw_step(pare_device *device, const pare_adamw *options, size_t count, float *parameter, float *gradient,
  float *first_moment, float *second_moment);

/// Rows of a table that take the steps which they have not taken yet, to the same bits as if at once.
typedef struct {
  const pare_adamw *steps;  // [step_count]
  int step_count;
  int32_t *taken;       // for each row of the table, how many of the steps it has taken
  const int32_t *rows;  // [count], distinct; NULL: rows 0 ..< count
  int count, width;
  float *parameter, *gradient, *first_moment, *second_moment;  // gradient: of the last step, cleared; NULL is zero
} pare_adamw_rows;
void pare_adamw_step_rows(pare_device *device, const pare_adamw_rows *rows);

// ---- rows.c --------------------------------------------------------------------------------------------------

/// sum = residual + dropout(x); y = normalized(sum) · weight + bias. `residual`, `sum` and `statistics`
/// [rows, 2] (mean, 1/deviation) may be NULL; y may be the memory of x.
void pare_layer_norm_forward(pare_device *device, const float *x, const float *residual, pare_dropout dropout, int rows,
  int width, const float *weight, const float *bias, float epsilon, float *sum, float *statistics, float *y);
/// dSum from dY; dX = dropout'(dSum) (may be NULL, or dSum's memory where nothing was dropped);
/// dWeight and dBias are added to.
bool pare_layer_norm_backward(pare_device *device, const float *dY, const float *sum, const float *statistics,
  pare_dropout dropout, int rows, int width, const float *weight, float *dSum, float *dX, float *dWeight, float *dBias);

/// Each row of x [rows, width] becomes its softmax, in place.
void pare_softmax_rows(pare_device *device, float *x, int rows, int width);

// ---- embedding.c ---------------------------------------------------------------------------------------------

/// y [tokens, width] = word[id] + position[first_position + place in the sequence] + type[type id]; `type` may be NULL.
void pare_embedding_forward(pare_device *device, const int32_t *ids, const int32_t *types, const int32_t *offsets,
  int sequences, int first_position, int width, const float *word, const float *position, const float *type, float *y);
/// The three tables' gradients are added to, token after token; `dType` may be NULL.
void pare_embedding_backward(pare_device *device, const int32_t *ids, const int32_t *types, const int32_t *offsets,
  int sequences, int first_position, int width, const float *dY, float *dWord, float *dPosition, float *dType);
/// y [count, width] = the rows of x at `indices`.
void pare_gather_rows(pare_device *device, const float *x, const int32_t *indices, int count, int width, float *y);
/// The rows of y at `indices` += x [count, width]; indices are distinct.
void pare_scatter_add_rows(pare_device *device, const float *x, const int32_t *indices, int count, int width, float *y);

// ---- attention.c ---------------------------------------------------------------------------------------------

/// Sequences laid end to end: tokens offsets[s] ..< offsets[s + 1] belong to sequence s. `query_key_value` is
/// [tokens, 3 · heads · head_size]: all queries, then all keys, then all values of a token.
typedef struct {
  const int32_t *offsets;
  int sequences, heads, head_size;
  bool first_token_only;  // one query a sequence, its first token; the context has a row a sequence then
  pare_dropout dropout;   // on the probabilities
} pare_attention;

/// Floats that the probabilities of all sequences and heads take: Σ heads · queries · length.
size_t pare_attention_probability_count(const pare_attention *attention);
/// context [queries, heads · head_size] = softmax(q · kᵀ / √head_size) · v, head by head; `probabilities`
/// (before dropout; sequence, head, query, key) may be NULL. False when memory is short.
bool pare_attention_forward(pare_device *device, const pare_attention *attention, const float *query_key_value,
  float *probabilities, float *context);
bool pare_attention_backward(pare_device *device, const pare_attention *attention, const float *query_key_value,
  const float *probabilities, const float *dContext, float *dQueryKeyValue);

// ---- solve.c ---------------------------------------------------------------------------------------------------

/// x [rows, size] with x · matrix = b [rows, size], for a symmetric positive definite matrix [size, size], by Cholesky's
/// factorization in double precision; x may be b's memory. 0 when done, 1 when memory is short, 2 when the matrix is not
/// positive definite.
int pare_solve(pare_device *device, const double *matrix, int size, const float *b, int rows, float *x);
/// The upper triangle u [size, size] with matrix⁻¹ = uᵀ · u; zeros below it. The same results and answers.
int pare_inverse_factor(pare_device *device, const double *matrix, int size, float *u);
/// In each row of weights [rows, width], columns first ..< end become 0 where `keep` [rows, end − first] is 0, and the
/// columns right of each make up for it: w[k] -= w[j] / u[j][j] · u[j][k].
void pare_eliminate_columns(pare_device *device, const float *u, const uint8_t *keep, int rows, int width, int first,
  int end, float *weights);

// ---- gates.c ---------------------------------------------------------------------------------------------------

/// x [rows, groups, group_size] · gate of its group, in place.
void pare_scale_groups(pare_device *device, float *x, int rows, int groups, int group_size, const float *gates);
/// products [sequences, groups] = Σ a · b over the sequence's rows and the group's columns.
/// Rows `offsets[s] ..< offsets[s + 1]` belong to sequence s.
void pare_group_products(pare_device *device, const float *a, const float *b, const int32_t *offsets, int sequences,
  int groups, int group_size, float *products);

// ---- elementmask.c ---------------------------------------------------------------------------------------------

/// x [count] becomes 0 where its bit is 0; 32 elements a word, the lowest bit first.
void pare_clear_outside(pare_device *device, const uint32_t *bits, size_t count, float *x);
/// x [count] -= a · b, element by element.
void pare_subtract_products(pare_device *device, const float *a, const float *b, size_t count, float *x);

#ifdef __cplusplus
}
#endif

#endif
