// Files of WordPiece tokenizers that are sound, with every key that is read.

enum WordPieceSeeds {
  /// `vocab.txt` of 13 pieces.
  static let vocabulary =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nfilm\n##s\na\n##n\né\n.\n電\n##\u{301}\n"

  /// `tokenizer.json`, with both kinds of frames.
  static let json = [
    #"""
    {"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":1,"content":"[CLS]",
    "single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
    "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,
    "strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
    "post_processor":{"type":"BertProcessing","sep":["[SEP]",2],"cls":["[CLS]",1]},
    "decoder":null,"model":{"type":"WordPiece","unk_token":"[UNK]",
    "continuing_subword_prefix":"##","max_input_chars_per_word":100,
    "vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"[PAD]":3,"[MASK]":4,"a":5,"\u0023#b":6}}}
    """#,
    #"""
    {"truncation":{"direction":"Right","max_length":16,"strategy":"LongestFirst","stride":0},
    "padding":{"pad_token":"<p>"},"added_tokens":[{"id":4,"content":"[MASK]",
    "single_word":false,"lstrip":true,"rstrip":false,"normalized":false,"special":true},
    {"id":8,"content":"Ab x","single_word":true,"lstrip":false,"rstrip":true,"normalized":true,
    "special":false}],"normalizer":{"type":"BertNormalizer","clean_text":false,
    "handle_chinese_chars":false,"strip_accents":true,"lowercase":false},
    "pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"TemplateProcessing",
    "single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
    {"SpecialToken":{"id":"[SEP]","type_id":0}}],"pair":[
    {"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
    {"SpecialToken":{"id":"[SEP]","type_id":0}},{"Sequence":{"id":"B","type_id":1}},
    {"SpecialToken":{"id":"[SEP]","type_id":1}}],"special_tokens":{
    "[CLS]":{"id":"[CLS]","ids":[1],"tokens":["[CLS]"]},
    "[SEP]":{"id":"[SEP]","ids":[2],"tokens":["[SEP]"]}}},
    "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"",
    "max_input_chars_per_word":4,"vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"<p>":3,"[MASK]":4,
    "a":5,"b":6,"A":7}}}
    """#,
  ]

  /// `tokenizer_config.json` or `special_tokens_map.json`; the last is of XLM-RoBERTa.
  static let settings = [
    "{}",
    #"""
    {"tokenizer_class":"BertTokenizer","do_lower_case":true,"strip_accents":null,
    "tokenize_chinese_chars":true,"do_basic_tokenize":true,"split_special_tokens":false,
    "never_split":null,"model_max_length":16,"unk_token":"[UNK]","pad_token":"[PAD]",
    "cls_token":{"content":"[CLS]"},"sep_token":"[SEP]","mask_token":"[MASK]",
    "additional_special_tokens":["[X]"],"truncation_side":"right",
    "truncation_strategy":"longest_first"}
    """#,
    #"""
    {"model_max_length":1000000000000000019884624838656,"do_lower_case":false,
    "added_tokens_decoder":{"0":{"content":"[PAD]","special":true},"13":{"content":"a b",
    "single_word":true,"lstrip":true,"rstrip":true,"normalized":true,"special":false}}}
    """#,
    #"""
    {"tokenizer_class":"XLMRobertaTokenizerFast","bos_token":"<s>","cls_token":"<s>",
    "eos_token":"</s>","sep_token":"</s>","unk_token":"<unk>","pad_token":"<pad>",
    "mask_token":{"content":"<mask>"},"max_len":16,
    "added_tokens_decoder":{"1":{"content":"<pad>","special":true}}}
    """#,
  ]
}
