// swift-tools-version: 6.1
import PackageDescription

/// Every Swift target is held to the same rules.
let rules: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, exclude: ["README.md"], swiftSettings: rules)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: rules)
}

let package = Package(
  name: "Pare",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Pare", targets: ["Pare"]),
    .executable(name: "pare", targets: ["PareCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
  ],
  targets: [
    // oneDNN: Debian's libdnnl-dev has no pkg-config file, so its link flag is written by hand.
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"]), .brew(["onednn"])]),
    .target(
      name: "CKernels", dependencies: ["COneDNN"], exclude: ["README.md"],
      linkerSettings: [.linkedLibrary("dnnl")]),
    .systemLibrary(
      name: "CSentencePieceLibrary", pkgConfig: "sentencepiece",
      providers: [.apt(["libsentencepiece-dev"]), .brew(["sentencepiece"])]),
    .target(
      name: "CSentencePiece", dependencies: ["CSentencePieceLibrary"], exclude: ["README.md"]),
    .target(
      name: "Tensors", dependencies: ["CKernels"], exclude: ["README.md"], swiftSettings: rules,
      linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    library("JSON", []),
    library("Text", ["CSentencePiece", "JSON"]),
    library("Checkpoints", ["CKernels", "JSON", "Tensors"]),
    library("Encoders", ["Tensors", "Text", "Checkpoints"]),
    .target(
      name: "ONNX", dependencies: ["Tensors", "Text", "Checkpoints", "Encoders", protobuf],
      exclude: ["README.md", "onnx.proto"], swiftSettings: rules),
    library("Training", ["Tensors", "Text", "Checkpoints", "Encoders"]),
    library("Pruning", ["Tensors", "Text", "Encoders", "Training"]),
    library("Distillation", ["Tensors", "Text", "Encoders", "Training"]),
    library("Reports", ["Tensors", "Text", "Encoders", "Training"]),
    library(
      "Pare",
      [
        "Checkpoints", "Distillation", "Encoders", "ONNX", "Pruning", "Reports", "Tensors", "Text",
        "Training",
      ]),
    .executableTarget(
      name: "PareCommand", dependencies: ["Pare", argumentParser], swiftSettings: rules),
    library("TestSupport", ["Tensors", "Text", "Encoders"]),
    tests("JSONTests", ["JSON"]),
    tests("TextTests", ["Text"], resources: [.copy("Fixtures")]),
    tests("TensorsTests", ["Tensors", "Text", "Encoders", "TestSupport"]),
    tests("CheckpointsTests", ["Tensors", "Checkpoints"]),
    tests(
      "EncodersTests",
      ["Tensors", "Text", "Checkpoints", "Encoders", "Training", "TestSupport"],
      resources: [.copy("Fixtures")]),
    tests(
      "ONNXTests",
      ["Tensors", "Text", "Checkpoints", "Encoders", "ONNX", "TestSupport", protobuf]),
    tests(
      "TrainingTests",
      ["Tensors", "Text", "Checkpoints", "Encoders", "Training", "TestSupport"]),
    tests(
      "PruningTests",
      [
        "Tensors", "Text", "Checkpoints", "Encoders", "Training", "Pruning", "TestSupport",
      ]),
    tests(
      "DistillationTests",
      [
        "Tensors", "Text", "Checkpoints", "Encoders", "Training", "Distillation", "TestSupport",
      ]),
    tests("ReportsTests", ["Tensors", "Text", "Training", "Reports"]),
    tests("PareCommandTests", ["Pare", "PareCommand"]),
    tests("DatasetTests", ["Text"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// Scripts/fuzz sets this. libFuzzer brings `main` along, so that no other build could link the target.
if Context.environment["PARE_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzz",
      dependencies: ["Tensors", "Text", "Checkpoints", "Encoders", "Training", "Pruning"],
      exclude: ["README.md"], swiftSettings: rules))
}
