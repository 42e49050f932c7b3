// A C interface over the SentencePiece library, for Swift.
//
// Every function that can fail returns NULL on success, and otherwise the reason as text, which
// the caller frees with csp_free. No C++ exception leaves a function, and nothing is written to
// standard error. Functions that take a const model may be called from several threads at once.
// Text is UTF-8 with a length, not ended by NUL. Memory handed out is freed by the function named
// beside it.

#ifndef CSENTENCEPIECE_H
#define CSENTENCEPIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A loaded model.
typedef struct csp_model csp_model;

/// What a piece of the vocabulary is.
typedef enum csp_kind {
  CSP_NORMAL = 0,
  CSP_UNKNOWN = 1,
  CSP_CONTROL = 2,
  CSP_UNUSED = 3,
  CSP_BYTE = 4,
} csp_kind;

/// Segmentations of one text, best first: their ids end to end, and for each its length and its
/// score (the natural logarithm of its probability).
typedef struct csp_candidates {
  size_t count;
  int32_t *ids;
  size_t *lengths;
  float *scores;
} csp_candidates;

/// How to train; the special pieces are fixed: [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, [MASK] 4.
typedef struct csp_training {
  int32_t vocabulary_size;
  bool byte_pair;
  double character_coverage;
  bool byte_fallback;
  bool lowercase;
  int32_t maximum_piece_length;
} csp_training;

/// Loads a model from bytes; free it with csp_free_model.
char *csp_load_bytes(const void *bytes, size_t count, csp_model **model);

/// Frees a model; NULL is allowed.
void csp_free_model(csp_model *model);

/// The model as bytes; free them with csp_free.
char *csp_serialize(const csp_model *model, char **bytes, size_t *count);

/// The ids of the best segmentation; free them with csp_free (NULL if there are none).
char *csp_encode(const csp_model *model, const char *text, size_t count, int32_t **ids,
                 size_t *id_count);

/// The best segmentations, at most `limit`; free them with csp_free_candidates. Only unigram models
/// have them.
char *csp_encode_candidates(const csp_model *model, const char *text, size_t count, int32_t limit,
                            csp_candidates *candidates);

/// The text of ids, each in 0 ..< csp_size; free it with csp_free.
char *csp_decode(const csp_model *model, const int32_t *ids, size_t id_count, char **text,
                 size_t *count);

/// The number of pieces.
int32_t csp_size(const csp_model *model);

/// The id of a piece, or -1 if the vocabulary does not have it.
int32_t csp_id(const csp_model *model, const char *piece, size_t count);

/// A piece's text, owned by the model and not ended by NUL. The id is in 0 ..< csp_size.
const char *csp_piece(const csp_model *model, int32_t id, size_t *count);

/// A piece's score. The id is in 0 ..< csp_size.
float csp_score(const csp_model *model, int32_t id);

/// What a piece is. The id is in 0 ..< csp_size.
csp_kind csp_kind_of(const csp_model *model, int32_t id);

/// Trains on sentences laid end to end in `text`, sentence i ending before byte `ends[i]`.
/// Sentences of more than 4,192 bytes are skipped. At least one sentence must have a visible
/// character outside the names of special pieces: the library ends the process otherwise. Free the
/// bytes with csp_free.
char *csp_train(const csp_training *training, const char *text, const size_t *ends,
                size_t sentence_count, char **bytes, size_t *count);

/// Frees errors, ids, texts and serialized models.
void csp_free(void *memory);

/// Frees the arrays of candidates, and empties them.
void csp_free_candidates(csp_candidates *candidates);

#ifdef __cplusplus
}
#endif

#endif
