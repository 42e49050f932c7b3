// Loading, encoding and decoding.

#include "csentencepiece.h"

#include <memory>
#include <string>
#include <vector>

#include "guard.h"

using sentencepiece::util::Status;

struct csp_model {
  sentencepiece::SentencePieceProcessor processor;
};

extern "C" {

char *csp_load_bytes(const void *bytes, size_t count, csp_model **model) {
  *model = nullptr;
  return csp::guarded([&] {
    csp::silence();
    auto loaded = std::make_unique<csp_model>();
    const std::string_view serialized(static_cast<const char *>(bytes), count);
    const Status status = loaded->processor.LoadFromSerializedProto(serialized);
    if (status.ok()) *model = loaded.release();
    return status;
  });
}

void csp_free_model(csp_model *model) { delete model; }

char *csp_serialize(const csp_model *model, char **bytes, size_t *count) {
  return csp::guarded([&] {
    const std::string serialized = model->processor.serialized_model_proto();
    *bytes = csp::copied(serialized.data(), serialized.size());
    *count = serialized.size();
    return Status();
  });
}

char *csp_encode(const csp_model *model, const char *text, size_t count, int32_t **ids,
                 size_t *id_count) {
  return csp::guarded([&] {
    std::vector<int> pieces;
    const Status status = model->processor.Encode(std::string_view(text, count), &pieces);
    if (!status.ok()) return status;
    *ids = csp::copied(pieces.data(), pieces.size());
    *id_count = pieces.size();
    return status;
  });
}

char *csp_encode_candidates(const csp_model *model, const char *text, size_t count, int32_t limit,
                            csp_candidates *candidates) {
  *candidates = {};
  return csp::guarded([&] {
    sentencepiece::ImmutableNBestSentencePieceText result;
    const Status status = model->processor.NBestEncode(std::string_view(text, count), limit,
                                                       result.mutable_proto());
    if (!status.ok()) return status;
    std::vector<int32_t> ids;
    std::vector<size_t> lengths;
    std::vector<float> scores;
    for (const auto &candidate : result.nbests()) {
      for (const auto &piece : candidate.pieces()) ids.push_back(static_cast<int32_t>(piece.id()));
      lengths.push_back(candidate.pieces_size());
      scores.push_back(candidate.score());
    }
    *candidates = {lengths.size(), csp::copied(ids.data(), ids.size()),
                   csp::copied(lengths.data(), lengths.size()),
                   csp::copied(scores.data(), scores.size())};
    return status;
  });
}

char *csp_decode(const csp_model *model, const int32_t *ids, size_t id_count, char **text,
                 size_t *count) {
  return csp::guarded([&] {
    std::string decoded;
    const Status status =
        model->processor.Decode(std::vector<int>(ids, ids + id_count), &decoded);
    if (!status.ok()) return status;
    *text = csp::copied(decoded.data(), decoded.size());
    *count = decoded.size();
    return status;
  });
}

int32_t csp_size(const csp_model *model) { return model->processor.GetPieceSize(); }

int32_t csp_id(const csp_model *model, const char *piece, size_t count) {
  const std::string_view name(piece, count);
  const int id = model->processor.PieceToId(name);
  // The library answers an unknown piece with the id of the unknown piece.
  return model->processor.IdToPiece(id) == name ? id : -1;
}

const char *csp_piece(const csp_model *model, int32_t id, size_t *count) {
  const std::string &piece = model->processor.IdToPiece(id);
  *count = piece.size();
  return piece.data();
}

float csp_score(const csp_model *model, int32_t id) { return model->processor.GetScore(id); }

csp_kind csp_kind_of(const csp_model *model, int32_t id) {
  if (model->processor.IsUnknown(id)) return CSP_UNKNOWN;
  if (model->processor.IsControl(id)) return CSP_CONTROL;
  if (model->processor.IsUnused(id)) return CSP_UNUSED;
  if (model->processor.IsByte(id)) return CSP_BYTE;
  return CSP_NORMAL;
}

void csp_free(void *memory) { std::free(memory); }

void csp_free_candidates(csp_candidates *candidates) {
  std::free(candidates->ids);
  std::free(candidates->lengths);
  std::free(candidates->scores);
  *candidates = {};
}

}  // extern "C"
