// Fits modules that were built for Elasticsearch 7.10.2 to a newer server, as Maven Central has no newer ones:
// classes of the server that changed their package are renamed, and calls whose signature is gone go to Shim.
// Arguments: the jar to write, folder with the server's jars, folder with our own classes, the jars to fit.
//
// Java: java -cp 'server/*' Remap.java modules.jar server classes ingest-common.jar …

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.commons.ClassRemapper;
import org.objectweb.asm.commons.Remapper;

public class Remap {
    private static final String SHIM = "org/elasticsearch/local/Shim";
    /** Classes of the server, and those of the modules and our own. */
    private static final Set<String> SERVER = new HashSet<>(), OWN = new HashSet<>();
    /** Simple name of a class of the server → its full names. */
    private static final Map<String, List<String>> BY_NAME = new HashMap<>();
    /** Name and descriptor of Shim's methods. */
    private static final Set<String> SHIMS = new HashSet<>();

    public static void main(String[] args) throws Exception {
        readServer(Path.of(args[1]));
        readOwn(Path.of(args[2]));
        Map<String, byte[]> modules = readModules(Arrays.asList(args).subList(3, args.length));
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(Path.of(args[0])))) {
            for (Map.Entry<String, byte[]> entry : modules.entrySet()) {
                out.putNextEntry(new JarEntry(entry.getKey()));
                out.write(entry.getKey().endsWith(".class") ? fitted(entry.getValue()) : entry.getValue());
            }
        }
    }

    private static void readServer(Path folder) throws IOException {
        List<Path> jars;
        try (Stream<Path> files = Files.list(folder)) {
            jars = files.filter(file -> file.toString().endsWith(".jar")).toList();
        }
        for (Path path : jars) {
            try (JarFile jar = new JarFile(path.toFile())) {
                for (JarEntry entry : Collections.list(jar.entries())) {
                    String name = entry.getName();
                    if (name.endsWith(".class") && name.startsWith("org/elasticsearch/") && SERVER.add(className(name))) {
                        BY_NAME.computeIfAbsent(simple(className(name)), key -> new ArrayList<>()).add(className(name));
                    }
                }
            }
        }
    }

    private static void readOwn(Path classes) throws IOException {
        try (Stream<Path> files = Files.walk(classes)) {
            files.map(file -> classes.relativize(file).toString().replace('\\', '/'))
                .filter(name -> name.endsWith(".class"))
                .forEach(name -> OWN.add(className(name)));
        }
        new ClassReader(Files.readAllBytes(classes.resolve(SHIM + ".class"))).accept(new ClassVisitor(Opcodes.ASM9) {
            @Override
            public MethodVisitor visitMethod(int access, String name, String descriptor, String generic, String[] thrown) {
                if ((access & Opcodes.ACC_PUBLIC) != 0 && (access & Opcodes.ACC_STATIC) != 0) {
                    SHIMS.add(name + descriptor);
                }
                return null;
            }
        }, 0);
    }

    /** Entries of the modules; of several licence files each keeps its module's name. */
    private static Map<String, byte[]> readModules(List<String> paths) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        for (String path : paths) {
            try (JarFile jar = new JarFile(path)) {
                for (JarEntry entry : Collections.list(jar.entries())) {
                    String name = entry.getName();
                    if (entry.isDirectory() || name.startsWith("META-INF/MANIFEST") || name.startsWith("META-INF/services/")) {
                        continue;
                    }
                    boolean licence = name.startsWith("META-INF/LICENSE") || name.startsWith("META-INF/NOTICE");
                    String kept = licence ? Path.of(path).getFileName() + "-" + name.substring("META-INF/".length()) : name;
                    entries.put(kept, jar.getInputStream(entry).readAllBytes());
                    if (name.endsWith(".class")) {
                        OWN.add(className(name));
                    }
                }
            }
        }
        return entries;
    }

    private static byte[] fitted(byte[] code) {
        ClassWriter writer = new ClassWriter(0);
        ClassVisitor calls = new ClassVisitor(Opcodes.ASM9, writer) {
            @Override
            public MethodVisitor visitMethod(int access, String name, String descriptor, String generic, String[] thrown) {
                return new Calls(super.visitMethod(access, name, descriptor, generic, thrown));
            }
        };
        new ClassReader(code).accept(new ClassRemapper(calls, new Moved()), 0);
        return writer.toByteArray();
    }

    /** A class that is gone from its package is the server's only one of that simple name. */
    private static final class Moved extends Remapper {
        @Override
        public String map(String name) {
            if (!name.startsWith("org/elasticsearch/") || SERVER.contains(name) || OWN.contains(name)) {
                return name;
            }
            List<String> candidates = BY_NAME.getOrDefault(simple(name), List.of());
            return candidates.size() == 1 ? candidates.get(0) : name;
        }
    }

    /** Calls that Shim knows go there; the receiver becomes the first argument. */
    private static final class Calls extends MethodVisitor {
        Calls(MethodVisitor next) {
            super(Opcodes.ASM9, next);
        }

        @Override
        public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean ofInterface) {
            boolean isStatic = opcode == Opcodes.INVOKESTATIC;
            String shim = isStatic ? descriptor : "(L" + owner + ";" + descriptor.substring(1);
            boolean servers = owner.startsWith("org/elasticsearch/") && !OWN.contains(owner);
            if (servers && opcode != Opcodes.INVOKESPECIAL && SHIMS.contains(name + shim)) {
                super.visitMethodInsn(Opcodes.INVOKESTATIC, SHIM, name, shim, false);
            } else {
                super.visitMethodInsn(opcode, owner, name, descriptor, ofInterface);
            }
        }
    }

    private static String className(String path) {
        return path.substring(0, path.length() - ".class".length());
    }

    private static String simple(String name) {
        return name.substring(name.lastIndexOf('/') + 1);
    }
}
