import CastCore
import Hummingbird

extension EmulatorResponder {
    func gpus(_ call: Call) throws -> Response {
        try Self.checkAvailability(call.query)
        let gpus = self.world.options.catalogue.gpus.map { Self.json($0, call.query) }
        return Self.json(.object(["gpus": .array(gpus)]))
    }

    func gpu(_ id: String, _ call: Call) throws -> Response {
        try Self.checkAvailability(call.query)
        guard let gpu = self.world.options.catalogue.gpu(id) else { throw Problem.notFound }
        return Self.json(Self.json(gpu, call.query))
    }

    func dataCentres() -> Response {
        let gpus = self.world.options.catalogue.gpus
        let places = Set(gpus.flatMap(\.dataCentres)).sorted().map { place in
            JSONValue.object([
                "id": .string(place), "name": .string(place), "region": .string(String(place.prefix(2))),
                "globalNetwork": .bool(true), "networkVolumeTypes": .array([]), "compliance": .array([]),
                "gpuAvailability": .array(
                    gpus.filter { $0.dataCentres.contains(place) }.map {
                        .object([
                            "id": .string($0.id), "name": .string($0.name), "availability": .string("MEDIUM"),
                        ])
                    }),
            ])
        }
        return Self.json(.object(["dataCenters": .array(places)]))
    }

    /// Stock is told for a product, and a product only with its stock.
    private static func checkAvailability(_ query: [String: String]) throws(Problem) {
        guard (query["include"] == "AVAILABILITY") == (query["product"] != nil) else {
            throw Problem(status: 400, detail: "include=AVAILABILITY and product must be given together")
        }
        if let cloud = query["cloud"], !["SECURE", "COMMUNITY"].contains(cloud) {
            throw .invalid(["cloud must be SECURE or COMMUNITY"])
        }
    }

    private static func json(_ gpu: Catalogue.GPU, _ query: [String: String]) -> JSONValue {
        var fields: [String: JSONValue] = [
            "id": .string(gpu.id), "name": .string(gpu.name), "manufacturer": .string("NVIDIA"),
            "memory": .int(Int64(gpu.memory)), "secure": .bool(gpu.secure != nil),
            "community": .bool(gpu.community != nil),
            "price": .object([
                "secure": gpu.secure.map { .double($0.dollars) } ?? .null,
                "community": gpu.community.map { .double($0.dollars) } ?? .null,
            ]), "maxCount": .object(["secure": .int(8), "community": .int(4)]),
        ]
        guard query["include"] == "AVAILABILITY" else { return .object(fields) }
        let cloud = query["cloud"].map { $0 == "SECURE" ? Cloud.secure : .community }
        let minimum = query["minCudaVersion"].flatMap { CUDAVersion($0) }
        let exists = cloud.map { gpu.price($0) != nil } ?? true
        let isFree = exists && minimum.map { gpu.cudaVersion >= $0 } ?? true
        fields["availability"] = .string(isFree ? "MEDIUM" : "NONE")
        guard isFree else { return .object(fields) }
        fields["dataCenters"] = .array(
            gpu.dataCentres.map {
                .object(["id": .string($0), "name": .string($0), "availability": .string("MEDIUM")])
            })
        fields["cudaVersions"] = .array([
            .object(["version": .string(gpu.cudaVersion.description), "available": .bool(true)])
        ])
        return .object(fields)
    }
}
