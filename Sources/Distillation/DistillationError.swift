// What keeps a teacher from teaching a student.

/// Why a student cannot learn from a teacher as asked.
public enum DistillationError: Error, Equatable, CustomStringConvertible {
  /// An option outside its range.
  case invalidOption(name: String, expected: String, found: String)
  /// Answers with different numbers of labels cannot be compared.
  case otherLabels(teacher: Int, student: Int)
  /// The teacher cannot read the student's tokens.
  case otherInput(what: String, teacher: Int, student: Int)
  /// Hidden states of different widths, without a word of which channels go together.
  case otherWidth(teacher: Int, student: Int)
  /// Channels that the teacher does not have, or another number than the student has.
  case invalidChannels(reason: String)
  /// Layers that the teacher does not have, or another number than the student has.
  case invalidLayerMap(reason: String)

  public var description: String {
    switch self {
    case .invalidOption(let name, let expected, let found):
      "\(name): expected \(expected), found \(found)"
    case .otherLabels(let teacher, let student):
      "the teacher tells \(teacher) labels apart, the student \(student); train a teacher on the "
        + "student's labels"
    case .otherInput(let what, let teacher, let student):
      "the teacher reads other sequences: \(what), it has \(teacher), the student \(student); a "
        + "student needs its teacher's tokenizer"
    case .otherWidth(let teacher, let student):
      "hidden states of the teacher have \(teacher) channels, the student's \(student); name the "
        + "channels that stayed of the teacher's, or leave hidden states out"
    case .invalidChannels(let reason): "channels: \(reason)"
    case .invalidLayerMap(let reason): "layer map: \(reason)"
    }
  }
}
