// swift-tools-version: 6.1
import PackageDescription

/// Every Swift target is held to the same rules.
let rules: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

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
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
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
    library("Text", ["CSentencePiece"]),
    library("Checkpoints", ["CKernels", "Tensors"]),
    library("Encoders", ["Tensors", "Text", "Checkpoints"]),
    library("Training", ["Tensors", "Text", "Checkpoints", "Encoders"]),
    library("Pruning", ["Tensors", "Text", "Encoders", "Training"]),
    library("Reports", ["Tensors", "Text", "Encoders", "Training"]),
    library(
      "Pare",
      ["Checkpoints", "Encoders", "Pruning", "Reports", "Tensors", "Text", "Training"]),
    .executableTarget(
      name: "PareCommand", dependencies: ["Pare", argumentParser], swiftSettings: rules),
    library("TestSupport", ["Tensors", "Text", "Encoders"]),
    tests("TextTests", ["Text"]),
    tests("TensorsTests", ["Tensors", "Text", "Encoders", "TestSupport"]),
    tests("CheckpointsTests", ["Tensors", "Checkpoints"]),
    tests(
      "EncodersTests",
      ["Tensors", "Text", "Checkpoints", "Encoders", "Training", "TestSupport"],
      resources: [.copy("Fixtures")]),
    tests(
      "TrainingTests",
      ["Tensors", "Text", "Checkpoints", "Encoders", "Training", "TestSupport"]),
    tests(
      "PruningTests",
      [
        "Tensors", "Text", "Checkpoints", "Encoders", "Training", "Pruning", "TestSupport",
      ]),
    tests("ReportsTests", ["Tensors", "Text", "Training", "Reports"]),
    tests("PareCommandTests", ["Pare", "PareCommand"]),
    tests("DatasetTests", ["Text"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
