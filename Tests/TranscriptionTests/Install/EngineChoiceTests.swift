import CastCore
import Testing
import Transcription

struct EngineChoiceTests {
    private static let parakeet = "parakeet-tdt-0.6b-v3"

    @Test(
        arguments: [
            (true, [.nemo, .onnxASR], nil, .nemo), (true, [.onnxASR], nil, .onnxASR),
            (false, [.nemo, .onnxASR], nil, .onnxASR),
            (false, [.nemo, .onnxASR], .nemo, .nemo), (true, [.nemo, .onnxASR], .onnxASR, .onnxASR),
            // An engine that is named for the other backend says nothing about this one.
            (true, [.nemo, .fasterWhisper], .fasterWhisper, .nemo),
        ] as [(Bool, [EngineInstaller.Engine], EngineInstaller.Engine?, EngineInstaller.Engine)])
    func `Parakeet is served by NeMo where there is a GPU, else by onnx-asr, unless one is named`(
        hasGPU: Bool, installed: [EngineInstaller.Engine], forced: EngineInstaller.Engine?,
        engine: EngineInstaller.Engine
    ) throws {
        let choice = EngineChoice(hasGPU: hasGPU, installed: Set(installed), forced: forced)
        let form = try choice.form(of: Self.parakeet)
        #expect(form.engine == engine)
        #expect(form.backend == .parakeet)
        #expect(form.name == Self.parakeet)
    }

    @Test(
        arguments: [
            (true, [.fasterWhisper], nil, "nemo"), (false, [.fasterWhisper], nil, "onnx-asr"),
            (false, [.nemo, .fasterWhisper], nil, "onnx-asr"), (false, [.onnxASR], .nemo, "nemo"),
        ] as [(Bool, [EngineInstaller.Engine], EngineInstaller.Engine?, String)])
    func `a model whose engine is missing is refused, with those that can be served and how to install it`(
        hasGPU: Bool, installed: [EngineInstaller.Engine], forced: EngineInstaller.Engine?, missing: String
    ) {
        let choice = EngineChoice(hasGPU: hasGPU, installed: Set(installed), forced: forced)
        let error = #expect(throws: CastError.self) { try choice.form(of: Self.parakeet) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("cast2md engine install \(missing)") == true)
        if installed.contains(.fasterWhisper) { #expect(error?.message.contains("large-v3-turbo") == true) }
    }

    @Test func `Whisper has one engine, and an engine of another backend does not change that`() throws {
        let choice = EngineChoice(hasGPU: true, installed: [.fasterWhisper], forced: .nemo)
        #expect(try choice.form(of: "base").engine == .fasterWhisper)
        let error = #expect(throws: CastError.self) {
            try EngineChoice(hasGPU: true, installed: [.nemo]).form(of: "base")
        }
        #expect(error?.message.contains("cast2md engine install faster-whisper") == true)
        #expect(error?.message.contains("can serve: \(Self.parakeet).") == true)
    }

    @Test func `a model that nobody knows is an error that lists the known ones, each once`() {
        let error = #expect(throws: CastError.self) {
            try EngineChoice(hasGPU: false, installed: []).form(of: "parakeet-tdt-9b")
        }
        #expect(error?.code == .notFound)
        #expect(error?.message.ranges(of: Self.parakeet).count == 1)
    }

    @Test func `the two forms of Parakeet are pinned to the last byte, in folders of their own`() throws {
        let forms = try ModelCatalog.forms(of: Self.parakeet)
        #expect(forms.map(\.engine) == [.nemo, .onnxASR])
        #expect(Set(forms.map(\.folder)).count == 2)
        #expect(forms.flatMap(\.files).allSatisfy { $0.sha256?.count == 64 })
        #expect(forms.allSatisfy { $0.revision.count == 40 })
    }

    @Test func `an engine that there is not is an error that lists those that there are`() {
        let error = #expect(throws: CastError.self) {
            try EngineChoice(home: HomeFolder(path: "/nowhere"), environment: ["CAST2MD_ENGINE": "kaldi"])
        }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("onnx-asr") == true)
    }
}
