// A text as normalization leaves it, before words are looked up.

extension ScalarTable {
  /// The normalized text of bytes that are UTF-8.
  func normalized(_ bytes: some Collection<UInt8>) -> [UInt8] {
    let bytes = Array(bytes)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var run: [(order: UInt32, scalar: UInt32)] = []
    func endRun() {
      guard !run.isEmpty else { return }
      let sorted = run.enumerated().sorted {
        ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
      }
      for mark in sorted { result.append(scalar: mark.element.scalar) }
      run = []
    }
    var position = 0
    while position < bytes.count {
      let scalar = bytes.scalar(at: position)
      position = scalar.end
      let meaning = meaning(of: scalar.value)
      switch meaning.kind {
      case .nothing:
        break
      case .boundary:
        endRun()
      case .word, .space, .punctuation:
        endRun()
        result.append(scalar: meaning.scalar)
      case .ideograph:
        endRun()
        result.append(0x20)
        result.append(scalar: meaning.scalar)
        result.append(0x20)
      case .sequence, .mark:
        for part in meaning.kind == .sequence ? sequence(of: scalar.value) : [scalar.value] {
          let order = order(of: part)
          if order == 0 { endRun() }
          run.append((order, part))
          if order == 0 { endRun() }
        }
      }
    }
    endRun()
    return result
  }
}
