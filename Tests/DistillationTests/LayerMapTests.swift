import Checkpoints
import Distillation
import Foundation
import Testing

/// Which layers are followed.
@Suite struct LayerMapTests {
  @Test(arguments: [
    (6, 6, [0, 1, 2, 3, 4, 5]), (3, 6, [1, 3, 5]), (4, 6, [1, 2, 4, 5]), (2, 12, [5, 11]),
    (1, 4, [3]), (0, 4, []), (0, 0, []),
  ])
  func uniformSpreadsOverTheTeacher(student: Int, teacher: Int, expected: [Int]) throws {
    #expect(try LayerMap.uniform.layers(ofStudent: student, teacher: teacher) == expected)
  }

  @Test func uniformRisesAndEndsAtTheTop() throws {
    for teacher in 1...24 {
      for student in 1...teacher {
        let layers = try LayerMap.uniform.layers(ofStudent: student, teacher: teacher)
        #expect(layers.count == student && layers.last == teacher - 1)
        #expect(zip(layers, layers.dropFirst()).allSatisfy { $0 < $1 })
        #expect(layers.allSatisfy { $0 >= 0 })
      }
    }
  }

  @Test func lastFollowsTheTop() throws {
    #expect(try LayerMap.last.layers(ofStudent: 3, teacher: 6) == [3, 4, 5])
    #expect(try LayerMap.last.layers(ofStudent: 6, teacher: 6) == [0, 1, 2, 3, 4, 5])
  }

  @Test func givenLayersAreTaken() throws {
    #expect(try LayerMap.given([4, 0]).layers(ofStudent: 2, teacher: 6) == [4, 0])
    #expect(try LayerMap.given([0, 0, 0]).layers(ofStudent: 3, teacher: 1) == [0, 0, 0])
  }

  @Test(arguments: [LayerMap.uniform, .last])
  func studentsWithMoreLayersAreRefused(map: LayerMap) {
    let reason =
      "expected a student of at most the teacher's 2 layers, found 3; name a layer of the teacher "
      + "for each"
    #expect(throws: DistillationError.invalidLayerMap(reason: reason)) {
      try map.layers(ofStudent: 3, teacher: 2)
    }
  }

  @Test(arguments: [
    ([6], "layer 6 is not there; the teacher has 6, counted from 0"),
    ([-1], "layer -1 is not there; the teacher has 6, counted from 0"),
    ([0, 1], "expected a layer of the teacher for each of the student's 1, found 2"),
    ([], "expected a layer of the teacher for each of the student's 1, found 0"),
  ])
  func layersThatAreNotThereAreRefused(layers: [Int], reason: String) {
    #expect(throws: DistillationError.invalidLayerMap(reason: reason)) {
      try LayerMap.given(layers).layers(ofStudent: 1, teacher: 6)
    }
  }

  @Test(arguments: [LayerMap.uniform, .last, .given([1, 3, 5]), .given([0])])
  func textAndJSONGoRoundTrip(map: LayerMap) throws {
    #expect(LayerMap(map.description) == map)
    let data = try StrictJSON.encode([map])
    #expect(try StrictJSON.decode([LayerMap].self, from: data, path: "map") == [map])
  }

  @Test(arguments: ["", "evenly", "1,,2", "1,x", "uniform,1", "99999999999999999999"])
  func otherTextIsRefused(text: String) throws {
    #expect(LayerMap(text) == nil)
    let data = Data("[\"\(text)\"]".utf8)
    #expect(throws: CheckpointError.self) {
      try StrictJSON.decode([LayerMap].self, from: data, path: "map")
    }
  }
}
