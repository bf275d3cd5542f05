// Judges an object by a custom resource definition as the API server does: structural schema, unknown fields, CEL rules.
//
// Usage: operator CRD.yaml OBJECT.yaml; exit code 0 it would be taken, 1 it would not, 2 it could not be judged.
package main

import (
	"context"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

func main() {
	findings, err := judged(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, each := range findings {
		fmt.Println(each)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%s: the API server would take it\n", os.Args[2])
}

func judged(definition, file string) ([]string, error) {
	var crd v1.CustomResourceDefinition
	if err := read(definition, &crd); err != nil {
		return nil, err
	}
	var object map[string]any
	if err := read(file, &object); err != nil {
		return nil, err
	}
	for _, version := range crd.Spec.Versions {
		if fmt.Sprintf("%s/%s", crd.Spec.Group, version.Name) == object["apiVersion"] && crd.Spec.Names.Kind == object["kind"] {
			return against(version.Schema, object)
		}
	}
	return []string{fmt.Sprintf("%v %v is none of %s", object["apiVersion"], object["kind"], crd.Name)}, nil
}

func against(schema *v1.CustomResourceValidation, object map[string]any) ([]string, error) {
	var internal apiextensions.CustomResourceValidation
	if err := v1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(schema, &internal, nil); err != nil {
		return nil, err
	}
	shape, err := structural.NewStructural(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	var findings []string
	for _, each := range validation.ValidateCustomResource(nil, object, validator) {
		findings = append(findings, each.Error())
	}
	broken, _ := cel.NewValidator(shape, true, celconfig.PerCallLimit).Validate(context.Background(), nil, shape, object, nil, celconfig.RuntimeCELCostBudget)
	for _, each := range broken {
		findings = append(findings, each.Error())
	}
	// Last, for it takes away what the schema does not know.
	for _, path := range pruning.PruneWithOptions(object, shape, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		findings = append(findings, path+": unknown field")
	}
	return findings, nil
}

func read(name string, into any) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(content, into)
}
