// Training from sentences in memory, and silence.

#include "csentencepiece.h"

#include <mutex>
#include <string>
#include <unordered_map>

#include <sentencepiece_trainer.h>

#include "guard.h"

using sentencepiece::SentencePieceTrainer;
using sentencepiece::util::Status;

namespace {

/// The sentences of csp_train, as the library wants to read them.
class Sentences : public sentencepiece::SentenceIterator {
 public:
  Sentences(const char *text, const size_t *ends, size_t count)
      : text_(text), ends_(ends), count_(count) {
    read();
  }
  bool done() const override { return index_ >= count_; }
  void Next() override {
    ++index_;
    read();
  }
  const std::string &value() const override { return sentence_; }
  Status status() const override { return Status(); }

 private:
  void read() {
    if (done()) return;
    const size_t start = index_ == 0 ? 0 : ends_[index_ - 1];
    sentence_.assign(text_ + start, ends_[index_] - start);
    // The library reserves U+2585 and skips every sentence that has one: only the sign is dropped.
    const std::string_view reserved = "\xE2\x96\x85";
    for (size_t at = sentence_.find(reserved); at != std::string::npos;
         at = sentence_.find(reserved, at)) {
      sentence_.replace(at, reserved.size(), " ");
    }
  }

  const char *text_;
  const size_t *ends_;
  size_t count_;
  size_t index_ = 0;
  std::string sentence_;
};

}  // namespace

namespace csp {

void silence() {
  static std::once_flag once;
  // The logging level has no public function of its own. Training nothing sets it and then fails.
  std::call_once(once, [] {
    SentencePieceTrainer::Train(std::unordered_map<std::string, std::string>{{"minloglevel", "3"}})
        .IgnoreError();
  });
}

}  // namespace csp

extern "C" char *csp_train(const csp_training *training, const char *text, const size_t *ends,
                           size_t sentence_count, char **bytes, size_t *count) {
  return csp::guarded([&] {
    csp::silence();
    const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
    const std::unordered_map<std::string, std::string> arguments = {
        {"model_type", training->byte_pair ? "bpe" : "unigram"},
        {"vocab_size", std::to_string(training->vocabulary_size)},
        {"character_coverage", std::to_string(training->character_coverage)},
        {"byte_fallback", flag(training->byte_fallback)},
        {"normalization_rule_name", training->lowercase ? "nmt_nfkc_cf" : "nmt_nfkc"},
        {"max_sentencepiece_length", std::to_string(training->maximum_piece_length)},
        {"pad_id", "0"},
        {"pad_piece", "[PAD]"},
        {"unk_id", "1"},
        {"unk_piece", "[UNK]"},
        {"bos_id", "-1"},
        {"eos_id", "-1"},
        {"control_symbols", "[CLS],[SEP],[MASK]"},
        // Sums of floats depend on the number of threads; one gives the same model everywhere.
        {"num_threads", "1"},
    };
    Sentences sentences(text, ends, sentence_count);
    std::string serialized;
    const Status status = SentencePieceTrainer::Train(arguments, &sentences, &serialized);
    if (!status.ok()) return status;
    *bytes = csp::copied(serialized.data(), serialized.size());
    *count = serialized.size();
    return status;
  });
}
